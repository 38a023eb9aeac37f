#include "create/compile/recorded_link.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "create/compile/strip_command.hpp"

namespace stent::compile {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 9> kNoLink{
    "-c", "-S", "-E", "-M", "-MM", "-r", "--version", "-fsyntax-only", "-###"};
/// What writes beside the output, with the word after them or alone.
constexpr std::array<std::string_view, 7> kOutputPairs{"-MF",      "-MT",       "-MQ",          "-MJ",
                                                       "-dumpdir", "-dumpbase", "-dumpbase-ext"};
constexpr std::array<std::string_view, 11> kOutputs{
    "-save-temps",  "--save-temps",  "-fdump-",          "-MD",           "-MMD", "-MP",
    "-ftime-trace", "-fstack-usage", "-fcallgraph-info", "-gsplit-dwarf", "-MF"};
/// Options of linkers that write a file; their value follows a '=' or is the next word.
constexpr std::array<std::string_view, 7> kLinkerOutputs{"-Map",
                                                         "--Map",
                                                         "--dependency-file",
                                                         "--out-implib",
                                                         "-plugin-opt=save-temps",
                                                         "-plugin-opt=obj-path",
                                                         "--lto-obj-path"};

bool is_any(const auto& names, std::string_view word) {
  return std::ranges::find(names, word) != names.end();
}
bool begins_as_any(const auto& names, std::string_view word) {
  return std::ranges::any_of(names, [&](std::string_view name) { return word.starts_with(name); });
}

/// Whether `word` is for the linker to write a file, whose name may be the next word.
struct LinkerOutput {
  bool is_one = false;
  bool takes_next = false;
  explicit LinkerOutput(std::string_view word)
      : is_one(begins_as_any(kLinkerOutputs, word)),
        takes_next(is_any(kLinkerOutputs, word) && !word.starts_with("-plugin")) {}
};

/// "-Wl,-O1,-Map,x.map" -> "-Wl,-O1"; empty when nothing is left.
std::string without_outputs(const std::string& word) {
  std::string kept = "-Wl";
  bool skips = false;
  for (std::size_t at = 4; at <= word.size();) {
    const auto comma = std::min(word.find(',', at), word.size());
    const std::string part = word.substr(at, comma - at);
    at = comma + 1;
    const LinkerOutput output(part);
    if (!skips && !output.is_one) kept += "," + part;
    skips = !skips && output.takes_next;
  }
  return kept == "-Wl" ? std::string() : kept;
}

class Reader {
 public:
  explicit Reader(const ObservedCommand& command)
      : command_(command), words_(without_launcher(command.words)) {
    link_.directory = command.directory;
    link_.environment = command.environment;
    link_.output = "a.out";
  }

  RecordedLink run() {
    while (at_ < words_.size()) take(words_[at_++]);
    link_.output = (command_.directory / link_.output).lexically_normal();
    return std::move(link_);
  }

 private:
  void take(const std::string& word) {
    if (word == "-o" && at_ < words_.size()) {
      link_.output = words_[at_++];
    } else if (word.starts_with("-o") && word.size() > 2) {
      link_.output = word.substr(2);
    } else if (is_any(kOutputPairs, word)) {
      ++at_;
    } else if (word == "-Xlinker" && at_ < words_.size()) {
      take_linker_word(words_[at_++]);
    } else if (word.starts_with("-Wl,")) {
      if (std::string kept = without_outputs(word); !kept.empty()) link_.words.push_back(std::move(kept));
    } else if (!begins_as_any(kOutputs, word)) {
      link_.words.push_back(word);
    }
  }

  void take_linker_word(const std::string& word) {
    const LinkerOutput output(word);
    if (output.takes_next) at_ += 2;  // -Xlinker FILE
    if (!output.is_one) link_.words.insert(link_.words.end(), {"-Xlinker", word});
  }

  const ObservedCommand& command_;
  const Words words_;
  std::size_t at_ = 0;
  RecordedLink link_;
};

bool links(const ObservedCommand& command) {
  if (std::ranges::any_of(command.words, [](const std::string& word) { return is_any(kNoLink, word); }))
    return false;
  return std::ranges::any_of(command.words.begin() + 1, command.words.end(), [&](const std::string& word) {
    std::error_code ignored;
    return !word.starts_with('-') && !is_source_name(word) &&
           fs::path(word).extension().string().size() > 1 &&
           fs::is_regular_file(command.directory / word, ignored);
  });
}

}  // namespace

std::vector<RecordedLink> links_of(const std::vector<ObservedCommand>& commands) {
  std::vector<RecordedLink> found;
  for (const ObservedCommand& command : commands)
    if (!command.words.empty() && links(command)) found.push_back(Reader(command).run());
  return found;
}

}  // namespace stent::compile
