#include "create/review/review.hpp"

#include <fmt/core.h>

#include <memory>

#include "base/error.hpp"
#include "cli/commands.hpp"
#include "cli/print_findings.hpp"
#include "cli/print_report.hpp"
#include "cli/terminal.hpp"
#include "create/diff/change_set.hpp"
#include "create/report/html.hpp"
#include "create/report/text.hpp"
#include "create/view_patch.hpp"
#include "patch/patch_file.hpp"

namespace stent::cli {
namespace {

struct ReviewOptions {
  std::vector<std::filesystem::path> files;
  std::filesystem::path page;
  bool json = false;
};

std::string title_of(const ReviewOptions& options) {
  std::string title = options.files[1].filename().string();
  if (options.files.size() > 2) title += fmt::format(" and {} more", options.files.size() / 2 - 1);
  return "Review of " + title;
}

/// One pair of objects, loaded and compared.
struct Compared {
  model::Object old_object, new_object;
  diff::ChangeSet changes;

  Compared(const std::filesystem::path& before, const std::filesystem::path& after)
      : old_object(model::load_object(before)),
        new_object(model::load_object(after)),
        changes(diff::compare(old_object, new_object)) {}
};

/// Exit status `refused` tells scripts that the change does not pass without a person.
int review_objects(const ReviewOptions& options) {
  std::vector<std::unique_ptr<Compared>> compared;
  std::vector<review::UnitPair> units;
  for (std::size_t i = 0; i < options.files.size(); i += 2) {
    compared.push_back(std::make_unique<Compared>(options.files[i], options.files[i + 1]));
    const Compared& pair = *compared.back();
    units.push_back({options.files[i].string(), &pair.old_object, &pair.new_object, &pair.changes});
  }
  const std::vector<review::Finding> findings = review::review(units);
  const report::Report report =
      report::make_report(title_of(options), units, findings, report::SourceTexts());
  if (!options.page.empty()) report::write_page(report, options.page);
  if (options.json) {
    fmt::print("{}\n", to_json(findings).dump(2));
  } else {
    fmt::print("{}", report::to_text(report, terminal_style()));
    print_findings(findings);
  }
  return review::highest(findings) >= review::Level::review ? static_cast<int>(ErrorCode::refused) : 0;
}

void review_patch(const ReviewOptions& options) {
  const patch::Patch patch = patch::read_patch(options.files.front());
  if (options.json) fmt::print("{}\n", to_json(patch.findings).dump(2));
  if (options.json && options.page.empty()) return;
  const report::Report report = create::view_patch(patch, options.files.front());
  if (!options.page.empty()) report::write_page(report, options.page);
  if (options.json) return;
  fmt::print("{}", report::to_text(report, terminal_style()));
  print_findings(patch.findings);
}

void run(const ReviewOptions& options) {
  if (options.files.size() == 1) return review_patch(options);
  if (options.files.size() % 2 != 0)
    throw Error(ErrorCode::usage, fmt::format("{} files cannot be pairs", options.files.size()),
                "give pairs OLD.o NEW.o, or one patch");
  const int status = review_objects(options);
  if (status != 0) throw CLI::RuntimeError(status);
}

}  // namespace

void add_review(CLI::App& app) {
  CLI::App* command = app.add_subcommand("review", "what a change means for a process that lives on");
  auto options = std::make_shared<ReviewOptions>();
  command->add_option("files", options->files, "pairs OLD.o NEW.o, or a patch (NAME.stent)")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--html", options->page, "write the review as a web page, too");
  command->add_flag("--json", options->json, "print the result as JSON");
  command->callback([options] { reporting_errors(options->json, [&] { run(*options); }); });
}

}  // namespace stent::cli
