# SPDX-License-Identifier: Apache-2.0
"""moto's server, one call after the other.

Usage: moto_server.py -H HOST -p PORT   (arguments of moto.server)

moto undoes a transaction that was cancelled by putting back the whole table as it was before (5.2.5, transact_write_items), and with it
whatever other calls wrote meanwhile: DynamoDB does not, and no test of a vault that writes several records at once would hold.
"""

import threading

from moto import server

LOCK = threading.Lock()


class OneAtATime(server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        with LOCK:
            return super().__call__(environ, start_response)


server.DomainDispatcherApplication = OneAtATime
server.main()
