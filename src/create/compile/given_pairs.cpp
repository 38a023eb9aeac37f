#include "create/compile/given_pairs.hpp"

#include <elf.h>
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "base/error.hpp"
#include "create/compile/archive.hpp"
#include "create/compile/read_text.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;

/// Name of a member and which of that name it is.
using MemberKey = std::pair<std::string, unsigned>;

std::string shown(const MemberKey& key) {
  return key.second == 0 ? key.first : fmt::format("{} (number {})", key.first, key.second + 1);
}

std::map<MemberKey, fs::path> members_by_key(const fs::path& archive, const fs::path& directory) {
  std::map<MemberKey, fs::path> members;
  std::map<std::string, unsigned> count;
  for (const ArchiveMember& member : extract_members(archive, directory))
    members.emplace(MemberKey{member.name, count[member.name]++}, member.file);
  return members;
}

class Collector {
 public:
  Collector(const fs::path& work_directory, std::vector<std::string>& notes)
      : work_directory_(work_directory), notes_(notes) {}

  /// `source_of` gives the name that alternatives share, from a member's name.
  void add_archives(const std::string& name, const fs::path& old_archive, const fs::path& new_archive,
                    const auto& source_of) {
    const fs::path below = work_directory_ / "members" / std::to_string(archives_++);
    const auto olds = members_by_key(old_archive, below / "old");
    const auto news = members_by_key(new_archive, below / "new");
    for (const auto& [key, old_object] : olds) {
      const auto found = news.find(key);
      if (found == news.end())
        notes_.push_back(fmt::format("{}: member {} is only in the old one", name, shown(key)));
      else
        pairs_.push_back({source_of(shown(key)), old_object, found->second, {}});
    }
    for (const auto& [key, new_object] : news) {
      const auto before = olds.find(key);
      spares_.push_back(
          {source_of(shown(key)), new_object, name, before == olds.end() ? fs::path() : before->second});
      if (before == olds.end())
        notes_.push_back(fmt::format("{}: member {} is only in the new one", name, shown(key)));
    }
  }

  void add(ObjectPair pair) { pairs_.push_back(std::move(pair)); }
  void add_spare(SpareUnit spare) { spares_.push_back(std::move(spare)); }
  GivenObjects take() { return {std::move(pairs_), std::move(spares_)}; }

 private:
  const fs::path& work_directory_;
  std::vector<std::string>& notes_;
  std::size_t archives_ = 0;
  std::vector<ObjectPair> pairs_;
  std::vector<SpareUnit> spares_;
};

/// An ELF file of type ET_REL, by its header.
bool is_relocatable(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  return file && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 && header.e_type == ET_REL;
}

enum class Kind { object, archive };

std::map<std::string, Kind> inputs_below(const fs::path& tree) {
  std::map<std::string, Kind> inputs;
  const auto options = fs::directory_options::skip_permission_denied;
  for (const auto& entry : fs::recursive_directory_iterator(tree, options)) {
    if (!entry.is_regular_file() || entry.is_symlink()) continue;
    const std::string relative = entry.path().lexically_relative(tree);
    if (is_relocatable(entry.path()))
      inputs.emplace(relative, Kind::object);
    else if (entry.path().extension() == ".a" && is_archive(entry.path()))
      inputs.emplace(relative, Kind::archive);
  }
  return inputs;
}

bool same_contents(const fs::path& a, const fs::path& b) {
  return fs::file_size(a) == fs::file_size(b) && read_text(a) == read_text(b);
}

/// What alternatives share: the path without libtool's .libs.
std::string without_libs(const fs::path& path) {
  fs::path out;
  for (const auto& part : path)
    if (part != ".libs") out /= part;
  return out;
}

/// Leaves out pairs of equal objects, and those whose two objects are an earlier pair's.
std::vector<ObjectPair> distinct(std::vector<ObjectPair> pairs) {
  std::vector<ObjectPair> kept;
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (ObjectPair& pair : pairs) {
    if (same_contents(pair.old_object, pair.new_object)) continue;
    const std::hash<std::string> digest;
    if (seen.emplace(digest(read_text(pair.old_object)), digest(read_text(pair.new_object))).second)
      kept.push_back(std::move(pair));
  }
  return kept;
}

}  // namespace

GivenObjects pairs_of_files(const std::vector<std::pair<fs::path, fs::path>>& files,
                            const fs::path& work_directory, std::vector<std::string>& notes) {
  Collector collector(work_directory, notes);
  for (const auto& [old_file, new_file] : files) {
    if (is_archive(old_file) != is_archive(new_file))
      throw Error(ErrorCode::bad_input,
                  fmt::format("one of {} and {} is an archive", old_file.string(), new_file.string()),
                  "give two objects or two archives");
    const auto member_of = [name = old_file.string()](const std::string& member) {
      return fmt::format("{}({})", name, member);
    };
    if (is_archive(old_file))
      collector.add_archives(old_file, old_file, new_file, member_of);
    else
      collector.add({old_file.string(), old_file, new_file, {}});
  }
  return collector.take();
}

GivenObjects pairs_of_trees(const fs::path& old_tree, const fs::path& new_tree,
                            const fs::path& work_directory, std::vector<std::string>& notes) {
  Collector collector(work_directory, notes);
  const auto olds = inputs_below(old_tree);
  const auto news = inputs_below(new_tree);
  for (const auto& [name, kind] : olds) {
    const auto found = news.find(name);
    if (found == news.end() || found->second != kind) {
      notes.push_back(fmt::format("{}: only in {}", name, old_tree.string()));
    } else if (kind == Kind::archive) {
      const auto beside = [path = fs::path(name)](const std::string& member) {
        return without_libs(path.parent_path() / member);
      };
      collector.add_archives(name, old_tree / name, new_tree / name, beside);
    } else {
      collector.add({without_libs(name), old_tree / name, new_tree / name, {}});
      collector.add_spare({without_libs(name), new_tree / name, "", old_tree / name});
    }
  }
  for (const auto& [name, kind] : news) {
    if (olds.contains(name)) continue;
    notes.push_back(fmt::format("{}: only in {}", name, new_tree.string()));
    if (kind == Kind::object) collector.add_spare({without_libs(name), new_tree / name, ""});
  }
  GivenObjects given = collector.take();
  if (given.pairs.empty())
    throw Error(ErrorCode::bad_input,
                fmt::format("{} and {} have no object in common", old_tree.string(), new_tree.string()),
                "give two build trees of the same layout, with the objects still in them");
  given.pairs = distinct(std::move(given.pairs));
  return given;
}

}  // namespace stent::compile
