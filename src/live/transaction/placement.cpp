#include "live/transaction/placement.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "live/inject/remote_mapping.hpp"
#include "live/transaction/file_backing.hpp"
#include "live/transaction/inventory.hpp"

namespace stent::transaction {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::size_t name_limit = 200;  // memfd_create(2): 249 bytes

std::uint64_t page_up(std::uint64_t size) { return (size + page - 1) / page * page; }

int protection(patch::SegmentKind kind) {
  switch (kind) {
    case patch::SegmentKind::code: return PROT_READ | PROT_EXEC;
    case patch::SegmentKind::data: return PROT_READ | PROT_WRITE;
    default: return PROT_READ;
  }
}

process::Permissions permissions(patch::SegmentKind kind) {
  return {true, kind == patch::SegmentKind::data, kind == patch::SegmentKind::code, false};
}

Error taken(RemoteRange range) {
  return {ErrorCode::refused,
          fmt::format("the target mapped something at {:#x} while the patch was being prepared",
                      range.begin.value),
          "try again"};
}

void write_file(int fd, ByteView bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count <= 0) throw system_error(errno, "writing the patch into the target's memory file");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

/// Closes the target's descriptor when it goes out of scope.
class RemoteDescriptor {
 public:
  RemoteDescriptor(inject::RemoteCaller& caller, int fd) : caller_(&caller), fd_(fd) {}
  RemoteDescriptor(const RemoteDescriptor&) = delete;
  RemoteDescriptor& operator=(const RemoteDescriptor&) = delete;
  ~RemoteDescriptor() {
    try {
      inject::remote_close(*caller_, fd_);
    } catch (const Error&) {
      // The target is gone, and its descriptors with it.
    }
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  inject::RemoteCaller* caller_;
  int fd_;
};

std::vector<Bytes> contents_of(const resolve::ResolvedPatch& patch, Record& record) {
  std::vector<Bytes> contents{serialise(record)};
  if (contents[0].size() > patch.record.size)
    throw Error(ErrorCode::internal, fmt::format("a record of {} bytes does not fit its {}",
                                                 contents[0].size(), patch.record.size));
  if (patch.working.size != 0) contents.emplace_back();
  for (const resolve::ResolvedImage& image : patch.images)
    for (const link::LinkedSegment& segment : image.segments) contents.push_back(segment.bytes);
  return contents;
}

bool is_piece(const process::Mapping& mapping, const RecordedPiece& piece) {
  if (!mapping.range.overlaps(piece.range)) return false;
  if (mapping.name.starts_with(memory_name)) return true;
  if (piece.file_offset.value != 0 && mapping.inode != 0)
    return mapping.range.begin == piece.range.begin && mapping.offset == piece.file_offset &&
           mapping.permissions == permissions(piece.kind);
  return mapping.name.empty() && mapping.permissions == permissions(piece.kind);
}

}  // namespace

std::vector<RecordedPiece> pieces_of(const resolve::ResolvedPatch& patch) {
  std::vector<RecordedPiece> pieces{{patch.record, patch::SegmentKind::constants}};
  if (patch.working.size != 0) pieces.push_back({patch.working, patch::SegmentKind::data});
  for (const resolve::ResolvedImage& image : patch.images)
    for (const link::LinkedSegment& segment : image.segments)
      pieces.push_back(
          {{segment.address, page_up(std::max<std::uint64_t>(segment.memory_size, segment.bytes.size()))},
           segment.kind});
  return pieces;
}

Placement::Placement(stop::Session& session, const std::vector<process::Mapping>& mappings,
                     const resolve::ResolvedPatch& patch, Record record)
    : Placement(session, mappings, "stent:" + record.name.substr(0, name_limit), record.pieces,
                contents_of(patch, record), record.runtime.origin) {}

Placement::Placement(stop::Session& session, std::string name, std::vector<RecordedPiece> pieces,
                     const std::vector<Bytes>& contents)
    : Placement(session, session.target().mappings(), std::move(name), std::move(pieces), contents, {}) {}

Placement::Placement(stop::Session& session, const std::vector<process::Mapping>& mappings, std::string name,
                     std::vector<RecordedPiece> pieces, const std::vector<Bytes>& contents,
                     const std::string& file)
    : session_(&session), name_(std::move(name)), pieces_(std::move(pieces)) {
  try {
    inject::RemoteCaller caller(session, mappings);
    code_ = caller.code();
    if (std::ranges::any_of(pieces_, [](const RecordedPiece& p) { return p.file_offset.value != 0; }))
      map_from_file(caller, contents, file);
    else
      map_somewhere(caller, contents);
  } catch (...) {
    unmap_surely();
    throw;
  }
}

void Placement::map_somewhere(inject::RemoteCaller& caller, const std::vector<Bytes>& contents) try {
  map_from_memfd(caller, contents);
} catch (const Error& error) {
  if (error.code() != ErrorCode::internal && error.code() != ErrorCode::not_permitted) throw;
  unmap(caller);
  map_anonymous(caller, contents);
}

void Placement::map_from_memfd(inject::RemoteCaller& caller, const std::vector<Bytes>& contents) {
  std::uint64_t total = 0;
  for (const RecordedPiece& piece : pieces_) {
    inject::require_mapping(caller, piece.range, protection(piece.kind), MAP_PRIVATE);
    total += piece.range.size;
  }
  const RemoteDescriptor descriptor(caller, inject::remote_memfd(caller, name_));
  const std::string path = fmt::format("/proc/{}/task/{}/fd/{}", session_->target().pid().value,
                                       caller.thread().tid.value, descriptor.get());
  {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.valid()) throw system_error(errno, "opening " + path);
    if (::ftruncate(file.get(), static_cast<off_t>(total)) != 0)
      throw system_error(errno, "making room for the patch in the target's memory file");
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < contents.size(); offset += pieces_[i++].range.size)
      write_file(file.get(), contents[i], offset);
  }
  std::uint64_t offset = 0;
  for (const RecordedPiece& piece : pieces_) {
    if (!inject::remote_mmap_file(caller, piece.range, protection(piece.kind), MAP_PRIVATE, descriptor.get(),
                                  FileOffset{offset}))
      throw taken(piece.range);
    mapped_.push_back(piece.range);
    offset += piece.range.size;
  }
}

void Placement::map_anonymous(inject::RemoteCaller& caller, const std::vector<Bytes>& contents) {
  for (const RecordedPiece& piece : pieces_)
    inject::require_mapping(caller, piece.range, protection(piece.kind), MAP_PRIVATE | MAP_ANONYMOUS);
  for (std::size_t i = 0; i < contents.size(); ++i) map_anonymous_piece(caller, pieces_[i], contents[i]);
}

void Placement::map_anonymous_piece(inject::RemoteCaller& caller, const RecordedPiece& piece,
                                    const Bytes& contents) {
  if (!inject::remote_mmap(caller, piece.range, protection(piece.kind))) throw taken(piece.range);
  mapped_.push_back(piece.range);
  if (!contents.empty()) caller.memory().write(piece.range.begin, contents);
}

void Placement::map_from_file(inject::RemoteCaller& caller, const std::vector<Bytes>& contents,
                              const std::string& file) {
  for (const RecordedPiece& piece : pieces_)
    inject::require_mapping(caller, piece.range, protection(piece.kind), MAP_PRIVATE);
  const RemoteDescriptor descriptor(caller, open_in_target(caller, session_->target().pid(), file));
  for (std::size_t i = 0; i < contents.size(); ++i)
    if (pieces_[i].file_offset.value == 0)
      map_anonymous_piece(caller, pieces_[i], contents[i]);
    else
      map_piece_of_file(caller, pieces_[i], contents[i], descriptor.get());
}

/// Every byte is written, so that each page becomes the target's own: what the file holds later has no
/// effect.
void Placement::map_piece_of_file(inject::RemoteCaller& caller, const RecordedPiece& piece,
                                  const Bytes& contents, int fd) {
  const RemoteRange of_file{piece.range.begin, page_up(contents.size())};
  if (!inject::remote_mmap_file(caller, of_file, protection(piece.kind), MAP_PRIVATE, fd, piece.file_offset))
    throw taken(piece.range);
  mapped_.push_back(of_file);
  const RemoteRange rest{of_file.end(), piece.range.size - of_file.size};
  if (rest.size != 0) {
    if (!inject::remote_mmap(caller, rest, protection(piece.kind))) throw taken(piece.range);
    mapped_.push_back(rest);
  }
  Bytes pages = contents;
  pages.resize(of_file.size);
  caller.memory().write(of_file.begin, pages);
}

void Placement::unmap(inject::RemoteCaller& caller) {
  // The record goes last: while it is there, a later stent knows of the rest.
  while (!mapped_.empty()) {
    inject::remote_munmap(caller, mapped_.back());
    mapped_.pop_back();
  }
}

/// What fails, for want of a descriptor for one, is tried again. What is left after that the next command of
/// stent that changes this target cleans up: the record says "preparing".
void Placement::unmap_surely() noexcept {
  for (int tries = 0; tries < 3 && !mapped_.empty(); ++tries) try {
      inject::RemoteCaller caller(*session_);
      unmap(caller);
    } catch (const Error&) {
    }
}

Placement::~Placement() {
  if (!kept_) unmap_surely();
}

void unmap_pieces(stop::Session& session, const std::vector<RecordedPiece>& pieces) {
  const auto mappings = session.target().mappings();
  inject::RemoteCaller caller(session);
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece)
    if (std::ranges::any_of(mappings,
                            [&](const process::Mapping& mapping) { return is_piece(mapping, *piece); }))
      inject::remote_munmap(caller, piece->range);
}

std::vector<int> stray_descriptors(Pid pid) {
  std::vector<int> stray;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid.value), ignored)) {
    const auto link = std::filesystem::read_symlink(entry.path(), ignored).string();
    if (link.starts_with(memory_name)) stray.push_back(std::stoi(entry.path().filename().string()));
  }
  return stray;
}

void close_descriptors(stop::Session& session, const std::vector<int>& descriptors) {
  if (descriptors.empty()) return;
  inject::RemoteCaller caller(session);
  for (const int fd : descriptors) inject::remote_close(caller, fd);
}

}  // namespace stent::transaction
