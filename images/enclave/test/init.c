// SPDX-License-Identifier: Apache-2.0
// A stand-in for the init that AWS brings: does with the two ramdisks what that one does, but for the NSM's driver, cgroups and the
// parent's heartbeat. It goes by what it finds and makes nothing itself: a folder that is missing in the image is a failure here too.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 64

static void end(const char *what) {
    if (what != NULL) perror(what);
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    pause();
}

static void must(int result, const char *what) {
    if (result < 0) end(what);
}

static char **words(const char *path) {
    static char *list[MAX_WORDS];
    FILE *file = fopen(path, "r");
    if (file == NULL) end(path);
    size_t count = 0, room = 0;
    char *line = NULL;
    for (ssize_t length; count < MAX_WORDS - 1 && (length = getline(&line, &room, file)) > 0; line = NULL, room = 0) {
        if (line[length - 1] == '\n') line[length - 1] = 0;
        list[count++] = line;
    }
    fclose(file);
    list[count] = NULL;
    return list;
}

int main(void) {
    must(mount("dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL), "mount /dev");
    int console = open("/dev/console", O_RDWR);
    must(console, "/dev/console");
    for (int descriptor = 0; descriptor < 3; descriptor++) dup2(console, descriptor);
    printf("vm: booted\n");
    must(access("/env", R_OK), "/env");
    char **command = words("/cmd");
    must(chdir("/rootfs"), "/rootfs");
    must(chroot("/rootfs"), "chroot");
    unsigned long flags = MS_NODEV | MS_NOSUID | MS_NOEXEC;
    must(mount("dev", "/dev", "devtmpfs", MS_NOSUID | MS_NOEXEC, NULL), "mount /dev in the image");
    must(mount("proc", "/proc", "proc", flags, NULL), "mount /proc");
    must(mount("tmpfs", "/run", "tmpfs", flags, "mode=0755"), "mount /run");
    must(mount("tmpfs", "/tmp", "tmpfs", flags, NULL), "mount /tmp");
    must(mount("sysfs", "/sys", "sysfs", flags, NULL), "mount /sys");
    pid_t child = fork();
    must(child, "fork");
    if (child == 0) {
        char *environment[] = {NULL};
        setsid();
        execve(command[0], command, environment);
        perror(command[0]);
        _exit(127);
    }
    int status = 0;
    must(waitpid(child, &status, 0), "wait");
    printf("vm: ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    end(NULL);
}
