#include "create/create_manual.hpp"

#include <algorithm>
#include <cstdlib>
#include <list>

#include "base/error.hpp"
#include "create/alternatives.hpp"
#include "create/choose_consistency.hpp"
#include "create/compile/build_failure.hpp"
#include "create/compile/observe_build.hpp"
#include "create/compile/read_text.hpp"
#include "create/describe_patch.hpp"
#include "create/emit/emit_image.hpp"
#include "create/load_targets.hpp"
#include "create/manual/hazards.hpp"
#include "create/manual/patch_header.hpp"
#include "create/question.hpp"
#include "create/review_units.hpp"
#include "create/shadow/add_shadow_runtime.hpp"
#include "create/unresolved_names.hpp"
#include "create/verify_file.hpp"

namespace stent::create {
namespace {

namespace fs = std::filesystem;

/// The flags' own compiler, $CC or $CXX, or gcc, by the source's name.
std::string choose_compiler(const fs::path& source, std::vector<std::string>& flags) {
  if (!flags.empty() && compile::is_compiler_name(fs::path(flags.front()).filename())) {
    const std::string compiler = flags.front();
    flags.erase(flags.begin());
    return compiler;
  }
  const bool is_c = source.extension() == ".c";
  const char* chosen = std::getenv(is_c ? "CC" : "CXX");
  return chosen != nullptr ? chosen : is_c ? "gcc" : "g++";
}

fs::path compile_object(const Request& request) {
  if (request.manual_source.extension() == ".o") return request.manual_source;
  const fs::path work = fs::absolute(request.work_directory);
  compile::write_text(work / "include/stent/patch.h", manual::patch_header());
  compile::write_text(work / "include/stent/shadow.h", manual::shadow_header());
  auto flags = request.manual_flags;
  compile::RecordedUnit unit;
  unit.directory = fs::current_path();
  unit.source_argument = request.manual_source;
  unit.arguments = {choose_compiler(request.manual_source, flags)};
  unit.arguments.insert(unit.arguments.end(), flags.begin(), flags.end());
  const fs::path object = work / "manual.o";
  const compile::ChildCommand command{
      compile::command_of(unit, {"-I", work / "include", "-fno-lto", "-ffunction-sections", "-fdata-sections",
                                 "-c", "-o", object}),
      unit.directory, object.string() + ".output", object.string() + ".errors", nullptr};
  const int status = compile::run_all({command}, 1).front();
  if (status != 0) throw compile::build_failure("compiling", unit, command, status);
  return object;
}

void say(Outcome& outcome, const manual::ManualUnit& unit) {
  for (const bind::BoundFunction& function : unit.bound.replaced)
    outcome.explanation.functions.push_back({"manual patch", function.name, "changed", {}, {}, {}});
}

}  // namespace

Outcome create_manual(const Request& request) {
  Outcome outcome;
  const std::vector<model::Image> targets = load_targets(request);
  const fs::path object = compile_object(request);
  const manual::Marks marks = manual::read_marks(object);
  patch::Patch patch = describe_patch(request);
  std::list<manual::ManualUnit> units;
  std::list<std::unique_ptr<shadow::Runtime>> runtimes;
  std::vector<VerifiedImage> verified;
  std::vector<Question> questions;
  std::vector<review::Finding> findings;
  for (const model::Image& target : targets) {
    const manual::ManualUnit& unit = units.emplace_back(manual::bind_manual(object, marks, target));
    for (const manual::Hazard& hazard : manual::find_hazards(unit, target))
      if (std::ranges::find(questions, hazard.id, &Question::id) == questions.end())
        questions.push_back({hazard.id, hazard.message});
    std::vector<bind::BoundUnit> bound{unit.bound};
    runtimes.push_back(shadow::add_shadow_runtime(bound));
    patch.images.push_back(emit::emit_image(target, bound));
    ask_about_names(target, patch.images.back(), findings);
    verified.push_back({&target, bound});
    if (request.explain && units.size() == 1) say(outcome, unit);
  }
  for (review::Finding& finding :
       findings_of(questions, "the target's other code relies on the old function"))
    findings.push_back(std::move(finding));
  patch.consistency = choose_consistency(request, patch, findings);
  patch.findings = accept_findings(findings, request.acknowledgements);
  mark_alternatives(patch);
  verify_file(patch, verified, request.work_directory);
  outcome.patch = std::move(patch);
  return outcome;
}

}  // namespace stent::create
