#include "create/collect_pairs.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "create/compile/compile_change.hpp"
#include "create/compile/given_pairs.hpp"

namespace stent::create {
namespace {

std::string describe(const compile::HunkAccount& hunk) {
  using Fate = compile::HunkAccount::Fate;
  const bool compiled = hunk.fate == Fate::source || hunk.fate == Fate::header;
  std::string text = fmt::format("{}:{}: ", hunk.file, hunk.old_line);
  text += compiled                          ? fmt::format("affects {}", fmt::join(hunk.units, ", "))
          : hunk.fate == Fate::not_compiled ? "not compiled"
                                            : "ignored";
  return hunk.why.empty() ? text : text + " (" + hunk.why + ")";
}

/// What compiling the change gives.
CollectedPairs collect_compiled(const Request& request, std::vector<std::string>& notes) {
  compile::CompileRequest compile_request;
  compile_request.compile_commands = request.compile_commands;
  compile_request.build_command = request.build_command;
  compile_request.build_directory = std::filesystem::current_path();
  compile_request.link_command = request.link_command;
  compile_request.targets = request.targets;
  compile_request.diff = request.diff;
  compile_request.source_root = request.source_root;
  compile_request.work_directory = request.work_directory;
  compile_request.jobs = request.jobs;
  compile::CompiledChange change = compile::compile_change(compile_request);
  CollectedPairs collected{
      std::move(change.pairs), {}, std::move(change.files), std::move(change.find_spares)};
  for (const compile::HunkAccount& hunk : change.hunks) {
    notes.push_back(describe(hunk));
    const std::string id = "hunk:" + hunk.file;
    if (hunk.needs_decision &&
        std::ranges::find(collected.questions, id, &Question::id) == collected.questions.end())
      collected.questions.push_back({id, hunk.why});
  }
  return collected;
}

}  // namespace

CollectedPairs collect_pairs(const Request& request, std::vector<std::string>& notes) {
  if (request.explicit_pairs.empty() && request.old_tree.empty()) return collect_compiled(request, notes);
  auto [pairs, spares] =
      request.old_tree.empty()
          ? compile::pairs_of_files(request.explicit_pairs, request.work_directory, notes)
          : compile::pairs_of_trees(request.old_tree, request.new_tree, request.work_directory, notes);
  return {.pairs = std::move(pairs),
          .find_spares = [all = std::move(spares)](const std::set<std::string>&) { return all; }};
}

}  // namespace stent::create
