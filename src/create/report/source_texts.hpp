// The source of the old and the new build, as far as it is at hand.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "binary/dwarf/source_span.hpp"

namespace stent::report {

struct SourceLine {
  unsigned number = 0;  ///< in its own file
  std::string text;
};

/// A file that a diff changes. Its new build keeps the numbers of old lines (by #line).
struct ChangedText {
  struct NewLine {
    std::string text;
    unsigned old_number = 0;  ///< 0: the diff added it
  };
  std::vector<std::string> old_lines;
  std::vector<NewLine> new_lines;
};

class SourceTexts {
 public:
  /// Without changed texts, each build's source is what stands on disk where its debug information says; when
  /// both name one file, that is taken for the new one's.
  explicit SourceTexts(std::map<std::filesystem::path, ChangedText> changed = {})
      : changed_(std::move(changed)) {}

  /// The lines of a function that both builds have, old and new. Either may be empty.
  [[nodiscard]] std::pair<std::vector<SourceLine>, std::vector<SourceLine>> both(
      const dwarf::SourceSpan& old_span, const dwarf::SourceSpan& new_span) const;
  /// The lines of a function that only the new build has.
  [[nodiscard]] std::vector<SourceLine> added(const dwarf::SourceSpan& span, const std::string& name) const;
  /// The lines of a function that only the old build has.
  [[nodiscard]] std::vector<SourceLine> removed(const dwarf::SourceSpan& span) const;

 private:
  [[nodiscard]] const ChangedText* changed(const dwarf::SourceSpan& span) const;

  std::map<std::filesystem::path, ChangedText> changed_;
};

}  // namespace stent::report
