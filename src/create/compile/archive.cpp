#include "create/compile/archive.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>

#include "base/error.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kMagic = "!<arch>\n", kThinMagic = "!<thin>\n";
constexpr std::size_t kHeaderSize = 60;

std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(' ');
  return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

class Reader {
 public:
  Reader(const fs::path& path, const fs::path& directory)
      : path_(path), directory_(directory), text_(read_text(path)), is_thin_(text_.starts_with(kThinMagic)) {
    if (!is_thin_ && !text_.starts_with(kMagic)) damaged("it does not begin as one");
  }

  std::vector<ArchiveMember> run() {
    for (at_ = kMagic.size(); at_ < text_.size(); at_ += at_ % 2) read_member();
    return std::move(members_);
  }

 private:
  [[noreturn]] void damaged(const std::string& how) const {
    throw Error(ErrorCode::bad_input, fmt::format("{} is not a whole ar archive: {}", path_.string(), how),
                "build it again");
  }

  [[nodiscard]] std::size_t number(std::string_view field) const {
    std::size_t value = 0;
    field = trimmed(field);
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size())
      damaged(fmt::format("a bad number before byte {}", at_));
    return value;
  }

  void read_member() {
    if (text_.size() - at_ < kHeaderSize) damaged("a header is cut off");
    const std::string_view header = std::string_view(text_).substr(at_, kHeaderSize);
    if (header.substr(58) != "`\n") damaged(fmt::format("no header at byte {}", at_));
    const std::string_view name = trimmed(header.substr(0, 16));
    const std::size_t size = number(header.substr(48, 10));
    at_ += kHeaderSize;
    const bool is_table = name == "/" || name == "//" || name == "/SYM64/" || name == "__.SYMDEF";
    const std::size_t stored = is_thin_ && !is_table ? 0 : size;
    if (text_.size() - at_ < stored) damaged(fmt::format("member {} is cut off", name));
    const std::string_view contents = std::string_view(text_).substr(at_, stored);
    at_ += stored;
    if (name == "//") long_names_ = contents;
    if (!is_table) add(full_name(name), contents);
  }

  [[nodiscard]] std::string full_name(std::string_view name) const {
    if (!name.starts_with('/')) return std::string(name.substr(0, name.rfind('/')));
    const std::size_t from = number(name.substr(1));
    const auto end = long_names_.find("/\n", from);
    if (end == std::string_view::npos) damaged("a long name is missing");
    return std::string(long_names_.substr(from, end - from));
  }

  void add(const std::string& name, std::string_view contents) {
    if (is_thin_) {
      members_.push_back({fs::path(name).filename(), path_.parent_path() / name});
      return;
    }
    const fs::path file =
        directory_ / fmt::format("{}-{}", members_.size(), fs::path(name).filename().string());
    write_text(file, contents);
    members_.push_back({name, file});
  }

  const fs::path& path_;
  const fs::path& directory_;
  const std::string text_;
  bool is_thin_;
  std::size_t at_ = 0;
  std::string_view long_names_;
  std::vector<ArchiveMember> members_;
};

}  // namespace

bool is_archive(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic(kMagic.size(), '\0');
  file.read(magic.data(), static_cast<std::streamsize>(magic.size()));
  return file && (magic == kMagic || magic == kThinMagic);
}

std::vector<ArchiveMember> extract_members(const fs::path& archive, const fs::path& directory) {
  return Reader(archive, directory).run();
}

}  // namespace stent::compile
