// Placement: a patch's memory in the target, mapped and written but reachable by nobody yet.
#pragma once

#include <vector>

#include "live/inject/remote_caller.hpp"
#include "live/resolve/resolved_patch.hpp"
#include "live/stop/session.hpp"
#include "live/transaction/record.hpp"

namespace stent::transaction {

/// Unmaps everything on destruction unless `keep` is called.
class Placement {
 public:
  /// Maps every piece of `record` with its final protection (never writable and executable at once) and fills
  /// it with the record and the segments of `patch`: from a memfd "stent:NAME", or anonymously where that is
  /// refused. Pieces with a place in the patch file (`record.runtime.origin`) are private copies of that.
  /// Throws `refused` when a place was taken meanwhile or the target cannot map the file, and as
  /// inject::RemoteCaller. `mappings`: of the target, just read.
  Placement(stop::Session& session, const std::vector<process::Mapping>& mappings,
            const resolve::ResolvedPatch& patch, Record record);
  /// The same for any `pieces`, each with its contents; the first is mapped first and unmapped last.
  Placement(stop::Session& session, std::string name, std::vector<RecordedPiece> pieces,
            const std::vector<Bytes>& contents);
  Placement(const Placement&) = delete;
  Placement& operator=(const Placement&) = delete;
  ~Placement();

  void keep() { kept_ = true; }
  /// With what threads of the target were made to do it.
  [[nodiscard]] const inject::BorrowedCode& borrowed_code() const { return code_; }

 private:
  Placement(stop::Session& session, const std::vector<process::Mapping>& mappings, std::string name,
            std::vector<RecordedPiece> pieces, const std::vector<Bytes>& contents, const std::string& file);
  void map_from_file(inject::RemoteCaller& caller, const std::vector<Bytes>& contents,
                     const std::string& file);
  void map_piece_of_file(inject::RemoteCaller& caller, const RecordedPiece& piece, const Bytes& contents,
                         int fd);
  void map_anonymous_piece(inject::RemoteCaller& caller, const RecordedPiece& piece, const Bytes& contents);
  void map_somewhere(inject::RemoteCaller& caller, const std::vector<Bytes>& contents);
  void map_from_memfd(inject::RemoteCaller& caller, const std::vector<Bytes>& contents);
  void map_anonymous(inject::RemoteCaller& caller, const std::vector<Bytes>& contents);
  void unmap(inject::RemoteCaller& caller);
  void unmap_surely() noexcept;

  stop::Session* session_;
  std::string name_;
  std::vector<RecordedPiece> pieces_;
  std::vector<RemoteRange> mapped_;
  inject::BorrowedCode code_;
  bool kept_ = false;
};

/// The pieces `patch` needs, the record's first, in the order Placement fills them.
[[nodiscard]] std::vector<RecordedPiece> pieces_of(const resolve::ResolvedPatch& patch);

/// Unmaps what is mapped of `pieces`, the first last; a range that holds something else by now is left alone.
void unmap_pieces(stop::Session& session, const std::vector<RecordedPiece>& pieces);

/// Descriptors that a stent killed while placing left open in the target.
[[nodiscard]] std::vector<int> stray_descriptors(Pid pid);
void close_descriptors(stop::Session& session, const std::vector<int>& descriptors);

}  // namespace stent::transaction
