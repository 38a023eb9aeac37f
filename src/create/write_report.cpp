#include "create/write_report.hpp"

#include "create/compile/read_text.hpp"
#include "create/report/html.hpp"

namespace stent::create {
namespace {

report::SourceTexts texts_of(const std::vector<compile::ChangedFile>& files) {
  std::map<std::filesystem::path, report::ChangedText> changed;
  for (const compile::ChangedFile& file : files) {
    report::ChangedText& text = changed[file.location];
    if (file.kind != compile::ChangedFile::Kind::added)
      for (compile::NumberedLine& line : compile::number_lines(compile::read_text(file.location)))
        text.old_lines.push_back(std::move(line.text));
    for (const compile::NumberedLine& line : file.new_text)
      text.new_lines.push_back({line.text, line.old_number});
  }
  return report::SourceTexts(std::move(changed));
}

}  // namespace

void write_report(const Request& request, const std::vector<ChosenUnit>& units,
                  const std::vector<review::Finding>& findings,
                  const std::vector<compile::ChangedFile>& files) {
  std::vector<review::UnitPair> pairs;
  for (const auto& [unit, match, wanted] : units)
    pairs.push_back(
        {unit->pair.source, unit->old_object.get(), unit->new_object.get(), unit->changes.get(), {}});
  report::write_page(report::make_report("Review of " + request.name, pairs, findings, texts_of(files)),
                     *request.report);
}

}  // namespace stent::create
