// Files of a folder plugin, read below one open folder: each step of the path by openat, never through a link.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "CLua.h"

enum { NAME_BYTES = 255 };

/// Opens `path` below `folder`, one plain name after the other; -1 with errno.
static int open_below(int folder, const char *path) {
  char name[NAME_BYTES + 1];
  int at = folder;
  for (;;) {
    const char *slash = strchr(path, '/');
    size_t count = slash == NULL ? strlen(path) : (size_t)(slash - path);
    if (count == 0 || count > NAME_BYTES || (path[0] == '.' && (count == 1 || path[1] == '.'))) {
      if (at != folder) close(at);
      errno = EINVAL;
      return -1;
    }
    memcpy(name, path, count);
    name[count] = 0;
    int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | (slash == NULL ? O_NONBLOCK : O_DIRECTORY);
    int opened = openat(at, name, flags);
    int reason = errno;
    if (at != folder) close(at);
    errno = reason;
    if (opened < 0 || slash == NULL) return opened;
    at = opened;
    path = slash + 1;
  }
}

/// Reads a regular file of at most `limit` bytes; NULL with errno.
static char *read_all(int file, size_t limit, size_t *count) {
  struct stat status;
  if (fstat(file, &status) != 0) return NULL;
  if (!S_ISREG(status.st_mode) || status.st_size < 0) {
    errno = EINVAL;
    return NULL;
  }
  if ((uint64_t)status.st_size > limit) {
    errno = EFBIG;
    return NULL;
  }
  char *bytes = malloc((size_t)status.st_size + 1);
  if (bytes == NULL) return NULL;
  size_t done = 0;
  while (done < (size_t)status.st_size) {
    ssize_t now = read(file, bytes + done, (size_t)status.st_size - done);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) {
      int reason = errno;
      free(bytes);
      errno = reason;
      return NULL;
    }
    if (now == 0) break;
    done += (size_t)now;
  }
  *count = done;
  return bytes;
}

char *moon_read_file(const char *folder, const char *path, size_t limit, size_t *count, int *error) {
  *error = 0;
  *count = 0;
  int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int file = at < 0 ? -1 : open_below(at, path);
  char *bytes = file < 0 ? NULL : read_all(file, limit, count);
  int reason = bytes == NULL ? errno : 0;
  if (file >= 0) close(file);
  if (at >= 0) close(at);
  if (bytes == NULL && reason != ENOENT) *error = reason;
  return bytes;
}

void moon_free_file(char *bytes) { free(bytes); }
