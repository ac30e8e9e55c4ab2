#include "memory_disk.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace bgw::test {
namespace {

struct OpenFile {
  sqlite3_file base;
  MemoryDisk* disk;
  std::string* path;
};

OpenFile& open_file(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

MemoryDisk::Content& content(sqlite3_file* file) {
  return open_file(file).disk->files[*open_file(file).path];
}

MemoryDisk& disk_of(sqlite3_vfs* vfs) {
  return *static_cast<MemoryDisk*>(vfs->pAppData);
}

void apply(MemoryDisk::Bytes& bytes, const MemoryDisk::Write& write, std::size_t upto) {
  if (write.truncate) return bytes.resize(std::min(bytes.size(), *write.truncate));
  const auto size = std::min(write.bytes.size(), upto);
  if (size == 0) return;
  if (bytes.size() < write.offset + size) bytes.resize(write.offset + size);
  std::copy_n(write.bytes.begin(), size, bytes.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

void change(sqlite3_file* file, MemoryDisk::Write write) {
  auto& of = content(file);
  apply(of.now, write, write.bytes.size());
  of.pending.push_back(std::move(write));
}

int close(sqlite3_file* file) {
  delete open_file(file).path;
  return SQLITE_OK;
}

int read(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  if (const int code = open_file(file).disk->ask(false); code != SQLITE_OK) return code;
  const auto& bytes = content(file).now;
  std::memset(into, 0, static_cast<std::size_t>(size));
  const auto from = static_cast<std::size_t>(offset);
  const auto there = from < bytes.size() ? bytes.size() - from : 0;
  const auto got = std::min(there, static_cast<std::size_t>(size));
  if (got > 0) std::memcpy(into, bytes.data() + from, got);
  return got == static_cast<std::size_t>(size) ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  if (const int code = open_file(file).disk->ask(true); code != SQLITE_OK) return code;
  const auto* bytes = static_cast<const unsigned char*>(from);
  change(file, {static_cast<std::size_t>(offset), {bytes, bytes + size}, std::nullopt});
  return SQLITE_OK;
}

int truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = open_file(file).disk->ask(true); code != SQLITE_OK) return code;
  change(file, {0, {}, static_cast<std::size_t>(size)});
  return SQLITE_OK;
}

int sync(sqlite3_file* file, int) {
  if (const int code = open_file(file).disk->ask(true); code != SQLITE_OK) return code;
  auto& of = content(file);
  of.durable = of.now;
  of.named = true;
  of.pending.clear();
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(content(file).now.size());
  return SQLITE_OK;
}

int lock(sqlite3_file*, int) {
  return SQLITE_OK;
}

int check_lock(sqlite3_file*, int* locked) {
  *locked = 0;
  return SQLITE_OK;
}

int control(sqlite3_file*, int, void*) {
  return SQLITE_NOTFOUND;
}

int sector_size(sqlite3_file*) {
  return 4096;
}

// As the default VFS says of Linux.
int characteristics(sqlite3_file*) {
  return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods methods{1,       close,       read,           write, truncate,
                                 sync,    file_size,   lock,           lock,  check_lock,
                                 control, sector_size, characteristics};

int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  auto& disk = disk_of(vfs);
  file->pMethods = nullptr;
  const bool makes = (flags & SQLITE_OPEN_CREATE) != 0 && !disk.files.contains(path);
  const bool writes = (flags & SQLITE_OPEN_READWRITE) != 0;
  if (const int code = disk.ask(makes); code != SQLITE_OK) {
    return code == SQLITE_FULL ? code : SQLITE_CANTOPEN;
  }
  if (!disk.files.contains(path)) {
    if (!makes || disk.read_only()) return SQLITE_CANTOPEN;
    disk.files[path];
  }
  if (writes && disk.read_only()) flags = (flags & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
  if (out_flags != nullptr) *out_flags = flags;
  open_file(file).disk = &disk;
  open_file(file).path = new std::string(path);
  file->pMethods = &methods;
  return SQLITE_OK;
}

// The name is gone at once, and for good.
int remove(sqlite3_vfs* vfs, const char* path, int) {
  auto& disk = disk_of(vfs);
  if (const int code = disk.ask(true); code != SQLITE_OK) return code;
  if (!disk.files.contains(path)) return SQLITE_IOERR_DELETE_NOENT;
  if (disk.read_only()) return SQLITE_IOERR_DELETE;
  disk.files.erase(path);
  return SQLITE_OK;
}

int access(sqlite3_vfs* vfs, const char* path, int flags, int* result) {
  const auto& disk = disk_of(vfs);
  *result = disk.files.contains(path) && (flags != SQLITE_ACCESS_READWRITE || !disk.read_only());
  return SQLITE_OK;
}

int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

}  // namespace

MemoryDisk::MemoryDisk(std::string name) : name_(std::move(name)) {
  const auto* usual = sqlite3_vfs_find(nullptr);
  vfs_ = std::make_unique<sqlite3_vfs>(*usual);
  vfs_->iVersion = 1;
  vfs_->szOsFile = sizeof(OpenFile);
  vfs_->pNext = nullptr;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = open;
  vfs_->xDelete = remove;
  vfs_->xAccess = access;
  vfs_->xFullPathname = full_path;
  if (sqlite3_vfs_register(vfs_.get(), 0) != SQLITE_OK) throw std::runtime_error("VFS " + name_);
}

MemoryDisk::~MemoryDisk() {
  sqlite3_vfs_unregister(vfs_.get());
}

void MemoryDisk::fail_from(std::uint64_t call, int code, bool once) {
  calls_ = 0;
  has_failed_ = false;
  fail_from_ = call;
  code_ = code;
  once_ = once;
}

void MemoryDisk::heal() {
  fail_from_ = 0;
}

int MemoryDisk::ask(bool changes) {
  if (!changes && !count_reads_) return SQLITE_OK;
  ++calls_;
  if (fail_from_ == 0 || calls_ < fail_from_ || (once_ && calls_ > fail_from_)) return SQLITE_OK;
  has_failed_ = true;
  return code_;
}

void MemoryDisk::lose_power(std::mt19937_64& random) {
  for (auto file = files.begin(); file != files.end();) {
    auto& [path, of] = *file;
    if (!of.named && random() % 2 == 0) {
      file = files.erase(file);
      continue;
    }
    for (const auto& write : of.pending) {
      const auto luck = random() % 4;
      if (luck == 0) continue;
      apply(of.durable, write,
            luck == 1 ? random() % (write.bytes.size() + 1) : write.bytes.size());
    }
    of.now = of.durable;
    of.pending.clear();
    of.named = true;
    ++file;
  }
}

}  // namespace bgw::test
