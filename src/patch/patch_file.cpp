#include "patch/patch_file.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/unique_fd.hpp"
#include "patch/elf_notes.hpp"
#include "patch/elf_writer.hpp"
#include "patch/identity.hpp"
#include "patch/metadata.hpp"
#include "patch/rules.hpp"
#include "patch/trailer.hpp"

namespace stent::patch {
namespace {

constexpr off_t largest_file = off_t{1} << 30;

/// Removes a temporary file unless it was kept (renamed).
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!kept_) ::unlink(path_.c_str());
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  void keep() { kept_ = true; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

void write_all(const UniqueFd& fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, "write " + path.string(), "check free space and permissions");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  if (::fsync(fd.get()) != 0) throw system_error(errno, "fsync " + path.string(), "check the disk");
}

Bytes read_all(const UniqueFd& fd, std::size_t size, const std::filesystem::path& path) {
  Bytes bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = ::read(fd.get(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(errno, "read " + path.string(), "check the disk");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

void check_identity(const Patch& patch, ByteView contents) {
  const ByteView recorded = find_note(contents, "GNU", NT_GNU_BUILD_ID);
  if (std::equal(recorded.begin(), recorded.end(), patch.id.bytes.begin(), patch.id.bytes.end())) return;
  throw Error(ErrorCode::bad_input, "the patch is damaged: its identity does not match its contents",
              "copy the file again from where it came, or make the patch again");
}

/// What tools show (symbols, sections) must be what the metadata says, so the whole file is compared.
void check_canonical(const Patch& patch, ByteView contents) {
  const Bytes expected = write_elf(patch, patch.id);
  if (std::equal(expected.begin(), expected.end(), contents.begin(), contents.end())) return;
  throw Error(ErrorCode::bad_input, "the patch is damaged: its headers or symbols disagree with its metadata",
              "it may have gone through strip or objcopy; use the file as `stent create` wrote it");
}

void write_file(ByteView bytes, const std::filesystem::path& path) {
  TemporaryFile temporary(path.string() + ".tmp" + std::to_string(::getpid()));
  const UniqueFd fd(::open(temporary.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd.valid()) {
    const int reason = errno;
    temporary.keep();
    throw system_error(reason, "create " + temporary.path().string(), "choose a folder you may write to");
  }
  write_all(fd, bytes, temporary.path());
  if (::rename(temporary.path().c_str(), path.c_str()) != 0)
    throw system_error(errno, "rename to " + path.string(), "choose a file you may replace");
  temporary.keep();
}

Bytes read_file(const std::filesystem::path& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) {
    const int reason = errno;
    if (reason == ENOENT || reason == ENOTDIR)
      throw Error(ErrorCode::bad_input, path.string() + ": no such file",
                  "give a file made by `stent create`");
    throw system_error(reason, "open " + path.string(), "check the permissions of the file");
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw system_error(errno, "stat " + path.string(), "check the file");
  if (!S_ISREG(status.st_mode) || status.st_size > largest_file)
    throw Error(ErrorCode::bad_input, path.string() + ": not a patch: not a regular file of at most 1 GiB",
                "give a file made by `stent create` (NAME.stent)");
  return read_all(fd, static_cast<std::size_t>(status.st_size), path);
}

/// `action`, its failures told with the file's name.
template <class Action>
auto naming(const std::filesystem::path& path, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    throw Error(error.code(), path.string() + ": " + error.message(), error.hint());
  }
}

}  // namespace

Bytes serialise(const Patch& patch) {
  check_rules(patch, ErrorCode::internal);
  Bytes file = write_elf(patch, identity_of(patch));
  seal(file);
  return file;
}

Patch parse(ByteView file) { return parse(file, {}); }

Patch parse(ByteView file, const Trust& trust) {
  const auto [contents, signer] = unseal(file);
  check_trust(signer, trust);
  const ByteView metadata = find_note(contents, note_owner, metadata_note_type);
  Patch patch =
      from_json(std::string_view(reinterpret_cast<const char*>(metadata.data()), metadata.size()), contents);
  check_rules(patch, ErrorCode::bad_input);
  patch.id = identity_of(patch);
  check_identity(patch, contents);
  check_canonical(patch, contents);
  return patch;
}

void write_patch(const Patch& patch, const std::filesystem::path& path) {
  write_file(serialise(patch), path);
}

Patch read_patch(const std::filesystem::path& path, const Trust& trust) {
  const Bytes bytes = read_file(path);
  return naming(path, [&] { return parse(bytes, trust); });
}

void sign_patch(const std::filesystem::path& path, const SecretKey& key) {
  const Bytes file = read_file(path);
  Bytes contents = naming(path, [&] {
    static_cast<void>(parse(file));  // only what is a patch is signed
    const ByteView sealed = unseal(file).contents;
    return Bytes(sealed.begin(), sealed.end());
  });
  seal(contents, key);
  write_file(contents, path);
}

std::optional<PublicKey> signer_of(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path);
  return naming(path, [&] { return unseal(bytes).signer; });
}

}  // namespace stent::patch
