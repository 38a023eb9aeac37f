#include "create/compile/strip_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "base/error.hpp"
#include "create/compile/profile_flags.hpp"
#include "create/compile/recorded_unit.hpp"

namespace stent::compile {
namespace {

using std::string_view;
using Words = std::vector<std::string>;

template <std::size_t N>
bool any_of(const std::array<string_view, N>& names, string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}
template <std::size_t N>
bool any_prefix(const std::array<string_view, N>& prefixes, string_view word) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](auto p) { return word.starts_with(p); });
}

constexpr std::array<string_view, 7> kLaunchers{"ccache", "distcc",     "sccache", "icecc",
                                                "gomacc", "buildcache", "env"};
/// Dropped with the word after them.
constexpr std::array<string_view, 11> kDroppedPairs{"-o",
                                                    "-MF",
                                                    "-MT",
                                                    "-MQ",
                                                    "-MJ",
                                                    "-aux-info",
                                                    "-dumpbase",
                                                    "-dumpdir",
                                                    "-dumpbase-ext",
                                                    "--output",
                                                    "--serialize-diagnostics"};
constexpr std::array<string_view, 13> kDropped{"-c",
                                               "-M",
                                               "-MM",
                                               "-MD",
                                               "-MMD",
                                               "-MP",
                                               "-MG",
                                               "--coverage",
                                               "-coverage",
                                               "-fprofile-arcs",
                                               "-ftest-coverage",
                                               "-gsplit-dwarf",
                                               "-fstack-usage"};
constexpr std::array<string_view, 16> kDroppedPrefixes{
    "-save-temps", "--save-temps", "-fdump-",         "-gsplit-dwarf=", "-MF",        "-MT",
    "-MQ",         "-MJ",          "-Wa,-a",          "-ftime-trace",   "-aux-info=", "-fcallgraph-info",
    "--output=",   "-fcoverage-",  "-fprofile-note=", "-fembed-bitcode"};
/// Kept with the word after them.
constexpr std::array<string_view, 28> kKeptPairs{"-x",
                                                 "-I",
                                                 "-D",
                                                 "-U",
                                                 "-include",
                                                 "-imacros",
                                                 "-isystem",
                                                 "-idirafter",
                                                 "-iprefix",
                                                 "-iwithprefix",
                                                 "-iwithprefixbefore",
                                                 "-iquote",
                                                 "-isysroot",
                                                 "--sysroot",
                                                 "-Xassembler",
                                                 "-Xpreprocessor",
                                                 "-Xclang",
                                                 "-A",
                                                 "-B",
                                                 "--param",
                                                 "-target",
                                                 "-arch",
                                                 "-mllvm",
                                                 "-wrapper",
                                                 "-specs",
                                                 "-include-pch",
                                                 "-imultilib",
                                                 "-cxx-isystem"};
constexpr std::array<string_view, 7> kLinkPairs{"-Xlinker", "-L", "-l", "-T", "-u", "-z", "-e"};
constexpr std::array<string_view, 3> kLinkPrefixes{"-Wl,", "-l", "-L"};
constexpr std::array<string_view, 11> kLinkFlags{
    "-shared",        "-static",           "-pie",      "-no-pie",      "-rdynamic", "-s", "-static-pie",
    "-static-libgcc", "-static-libstdc++", "-nostdlib", "-nostartfiles"};
constexpr std::array<string_view, 4> kNoCode{"-E", "-M", "-MM", "-fsyntax-only"};
constexpr std::array<string_view, 5> kLinkInputs{".o", ".a", ".so", ".lo", ".la"};
constexpr std::array<string_view, 20> kSources{".c",   ".i",   ".ii", ".cc", ".cp",   ".cxx", ".cpp",
                                               ".CPP", ".c++", ".C",  ".m",  ".mi",   ".mm",  ".M",
                                               ".mii", ".S",   ".s",  ".sx", ".c++m", ".cppm"};

std::string base_name(const std::string& word) { return std::filesystem::path(word).filename(); }

/// Index of the compiler: behind launchers, their options and env's assignments.
std::size_t compiler_index(const Words& words) {
  std::size_t at = 0;
  while (at + 1 < words.size() && any_of(kLaunchers, base_name(words[at]))) {
    ++at;
    while (at + 1 < words.size() && (words[at].starts_with('-') || words[at].find('=') != std::string::npos))
      ++at;
  }
  return at;
}

/// -Wp,-MMD,file,-DX: the dependency options go, the others stay. Empty when nothing is left.
std::string strip_preprocessor_word(const std::string& word) {
  std::string out = "-Wp";
  bool skip_operand = false;
  for (std::size_t at = 4; at <= word.size();) {
    const auto comma = std::min(word.find(',', at), word.size());
    const auto part = word.substr(at, comma - at);
    at = comma + 1;
    const bool dependency = part.starts_with("-M");
    if (!dependency && !(skip_operand && !part.starts_with('-'))) out += "," + part;
    skip_operand = dependency;
  }
  return out == "-Wp" ? std::string{} : out;
}

bool uses_lto(const Words& words) {
  bool on = false;
  for (const auto& word : words) {
    if (word == "-flto" || word.starts_with("-flto=")) on = true;
    if (word == "-fno-lto") on = false;
  }
  return on;
}

class Stripper {
 public:
  Stripper(const Words& words, std::filesystem::path directory, const std::string& file)
      : words_(words), directory_(std::move(directory)), file_(absolute(file)) {
    at_ = compiler_index(words_);
    links_ = std::find(words_.begin(), words_.end(), "-c") == words_.end();
    out_.arguments.push_back(words_[at_++]);
  }

  StrippedCommand strip() {
    out_.links = links_;
    while (at_ < words_.size()) word(words_[at_++]);
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::filesystem::path absolute(const std::string& name) const {
    return (directory_ / name).lexically_normal();
  }

  void keep(const std::string& word) { out_.arguments.push_back(word); }

  void word(const std::string& word) {
    if (only_operands_ || !word.starts_with('-') || word == "-") return operand(word);
    if (word == "--") {
      only_operands_ = true;
    } else if (any_of(kDroppedPairs, word)) {
      if (at_ < words_.size() && (word == "-o" || word == "--output")) out_.output = words_[at_];
      ++at_;
    } else if (word == "-Xclang" && at_ < words_.size() && words_[at_].starts_with("-dependency")) {
      at_ += 3;  // -Xclang -dependency-file -Xclang FILE
    } else if (any_of(kKeptPairs, word)) {
      keep(word);
      if (at_ < words_.size()) keep(words_[at_++]);
    } else if (any_of(kDropped, word) || any_prefix(kDroppedPrefixes, word) || is_joined_output(word)) {
      if (is_joined_output(word)) out_.output = word.substr(2);
      if (word.starts_with("--output=")) out_.output = word.substr(word.find('=') + 1);
    } else if (word.starts_with("-Wp,")) {
      if (auto left = strip_preprocessor_word(word); !left.empty()) keep(left);
    } else if (any_of(kLinkPairs, word)) {
      ++at_;
    } else if (any_prefix(kLinkPrefixes, word) || (links_ && any_of(kLinkFlags, word))) {
      return;
    } else {
      keep(word);
    }
  }

  static bool is_joined_output(const std::string& word) {
    return word.starts_with("-o") && word.size() > 2 && !word.starts_with("-object");
  }

  void operand(const std::string& word) {
    if (absolute(word) == file_) {
      out_.source_argument = word;
      return;
    }
    const auto extension = std::filesystem::path(word).extension().string();
    if (is_source_name(word) || any_of(kLinkInputs, extension) || word.find(".so.") != std::string::npos)
      return;
    keep(word);
  }

  const Words& words_;
  std::filesystem::path directory_;
  std::filesystem::path file_;
  std::size_t at_ = 0;
  bool links_ = false;
  bool only_operands_ = false;
  StrippedCommand out_;
};

}  // namespace

bool is_source_name(const std::filesystem::path& path) { return any_of(kSources, path.extension().string()); }

std::optional<StrippedCommand> strip_command(const Words& words, const std::string& file,
                                             const std::filesystem::path& directory) {
  if (words.empty() || !is_source_name(file)) return std::nullopt;
  if (std::any_of(words.begin(), words.end(), [](auto& word) { return any_of(kNoCode, word); }))
    return std::nullopt;
  if (base_name(words[compiler_index(words)]) == "libtool")
    throw Error(ErrorCode::bad_input, fmt::format("the command of {} runs libtool, not the compiler", file),
                "record what is executed, with bear, instead of what make prints");
  auto out = Stripper(words, directory, file).strip();
  out.is_link_time_optimised = uses_lto(words);
  if (out.source_argument.empty())
    throw Error(ErrorCode::bad_input,
                fmt::format("the command of {} does not name it: {}", file, show_command(words)),
                "record the commands again");
  std::ranges::copy(profile_flags(out.arguments, out.source_argument, out.output, out.links),
                    std::back_inserter(out.arguments));
  return out;
}

Words without_launcher(const Words& words) {
  return {words.begin() + static_cast<std::ptrdiff_t>(compiler_index(words)), words.end()};
}

RecordedUnit recorded_unit(StrippedCommand command, const std::filesystem::path& directory,
                           const std::filesystem::path& source, std::vector<std::string> environment) {
  std::filesystem::path object;
  if (command.is_link_time_optimised && !command.links)
    object = directory / (command.output.empty() ? source.stem().string() + ".o" : command.output);
  return {directory,
          source,
          std::move(command.source_argument),
          std::move(command.arguments),
          std::move(environment),
          command.is_link_time_optimised,
          object.lexically_normal()};
}

}  // namespace stent::compile
