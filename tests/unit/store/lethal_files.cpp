#include "lethal_files.h"

#include <csignal>

#include <sqlite3.h>

namespace bgw::test {
namespace {

std::uint64_t left;
sqlite3_vfs* usual;
sqlite3_vfs lethal;
// All files of the default VFS that are used here have the same functions but for locking, which
// is never taken over.
sqlite3_io_methods own;
const sqlite3_io_methods* theirs;

void count() {
  if (--left == 0) ::raise(SIGKILL);
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  count();
  return theirs->xRead(file, into, size, offset);
}
int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  count();
  return theirs->xWrite(file, from, size, offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  count();
  return theirs->xTruncate(file, size);
}
int sync(sqlite3_file* file, int flags) {
  count();
  return theirs->xSync(file, flags);
}

int open(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  count();
  const int code = usual->xOpen(usual, path, file, flags, out_flags);
  if (file->pMethods == nullptr) return code;
  theirs = file->pMethods;
  own = *theirs;
  own.iVersion = 1;
  own.xRead = read;
  own.xWrite = write;
  own.xTruncate = truncate;
  own.xSync = sync;
  file->pMethods = &own;
  return code;
}

int remove(sqlite3_vfs*, const char* path, int sync_directory) {
  count();
  return usual->xDelete(usual, path, sync_directory);
}

}  // namespace

void register_lethal_files(std::uint64_t call) {
  left = call;
  usual = sqlite3_vfs_find(nullptr);
  lethal = *usual;
  lethal.zName = "lethal";
  lethal.pNext = nullptr;
  lethal.xOpen = open;
  lethal.xDelete = remove;
  sqlite3_vfs_register(&lethal, 0);
}

}  // namespace bgw::test
