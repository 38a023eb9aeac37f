#include "create/view_patch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "binary/arch/x86_64/decode.hpp"
#include "binary/arch/x86_64/format.hpp"
#include "create/report/columns.hpp"

namespace stent::create {
namespace {

using patch::Image;
using report::Column;
using x86_64::Instruction;

/// Names for the places that code of one image refers to.
class ImageNames {
 public:
  explicit ImageNames(const Image& image) {
    for (const patch::Binding& binding : image.bindings)
      if (const auto* at = std::get_if<patch::ModuleAddress>(&binding.where))
        module_.try_emplace(at->address, binding.name);
    for (const patch::ReplacedFunction& function : image.replaced)
      module_.insert_or_assign(function.entry(), function.name);
    for (const patch::Relocation& relocation : image.relocations)
      fields_.try_emplace(relocation.place, image.bindings.at(relocation.binding).name);
    for (const patch::PatchSymbol& symbol : image.symbols) patch_.try_emplace(symbol.address, symbol.name);
  }

  [[nodiscard]] std::string at(LinkAddress address) const {
    const auto known = module_.find(address);
    return known == module_.end() ? fmt::format("0x{:x}", address.value) : known->second;
  }
  [[nodiscard]] std::string at(PatchAddress address) const {
    const auto known = patch_.find(address);
    return known == patch_.end() ? fmt::format("patch+0x{:x}", address.value) : known->second;
  }
  /// What the field at `place` of the patch is filled with when it is applied; empty for none.
  [[nodiscard]] std::string field(PatchAddress place) const {
    const auto known = fields_.find(place);
    return known == fields_.end() ? std::string() : known->second;
  }
  [[nodiscard]] std::string field(LinkAddress) const { return {}; }

 private:
  std::map<LinkAddress, std::string> module_;
  std::map<PatchAddress, std::string> patch_, fields_;
};

/// The instructions of `code`, which stands at `begin`; what leaves the code has its name.
template <class Where>
void list(ByteView code, Where begin, const ImageNames& names, Column& column) {
  for (const Instruction& instruction : x86_64::decode(code)) {
    if (instruction.is_nop) continue;
    const auto name = [&](std::uint8_t offset, std::uint8_t) -> std::string {
      const auto place = begin + instruction.offset + static_cast<std::int64_t>(offset);
      if (std::string bound = names.field(place); !bound.empty()) return bound;
      const bool is_branch = instruction.branch && instruction.branch->offset == offset;
      const bool is_memory = instruction.memory && instruction.memory->offset == offset;
      const auto& target = is_branch ? instruction.branch_target : instruction.memory_target;
      if ((!is_branch && !is_memory) || !target) return {};
      const bool is_inside = *target >= 0 && static_cast<std::uint64_t>(*target) < code.size();
      return is_branch && is_inside ? std::string() : names.at(begin + *target);
    };
    const ByteView bytes = code.subspan(instruction.offset);
    x86_64::InstructionText text = x86_64::format_instruction(bytes, instruction.offset, name);
    column.add({fmt::format("+{:x}", instruction.offset), std::move(text.text),
                to_hex(bytes.first(instruction.length))},
               std::move(text.key));
  }
}

ByteView bytes_of(const Image& image, PatchRange range) {
  for (const patch::Segment& segment : image.segments) {
    const auto first = static_cast<std::uint64_t>(range.begin - segment.address);
    if (range.begin >= segment.address && first + range.size <= segment.bytes.size())
      return ByteView(segment.bytes).subspan(first, range.size);
  }
  return {};
}

Column old_code(const patch::ReplacedFunction& function, const ImageNames& names) {
  Column column;
  for (const patch::Extent& extent : function.extents) {
    if (&extent != &function.extents.front())
      column.add({"", "part " + names.at(extent.range.begin), ""}, "part");
    list(ByteView(extent.pre_image), extent.range.begin, names, column);
  }
  return column;
}

/// What the direct calls and jumps that leave `extent` go to.
std::set<std::string> callees(const Image& image, PatchRange extent, const ImageNames& names) {
  std::set<std::string> all;
  for (const Instruction& instruction : x86_64::decode(bytes_of(image, extent))) {
    if (!instruction.branch || !instruction.branch_target) continue;
    const PatchAddress target = extent.begin + *instruction.branch_target;
    const std::string bound =
        names.field(extent.begin + instruction.offset + std::int64_t{instruction.branch->offset});
    if (!bound.empty() || !extent.contains(target)) all.insert(bound.empty() ? names.at(target) : bound);
  }
  return all;
}

Column new_code(const Image& image, const std::vector<PatchRange>& extents, const ImageNames& names) {
  Column column;
  for (const PatchRange& extent : extents) {
    if (extent != extents.front()) column.add({"", "part " + names.at(extent.begin), ""}, "part");
    list(bytes_of(image, extent), extent.begin, names, column);
  }
  return column;
}

class PatchView {
 public:
  PatchView(const patch::Patch& patch, const std::filesystem::path& file) : patch_(&patch) {
    if (!patch.debug.empty()) spans_ = dwarf::load_source_spans(file);
  }

  report::Report make() const {
    report::Report report;
    report.title = "Review of " + patch_->name;
    report.facts = facts();
    for (const patch::Finding& finding : patch_->findings) report.findings.push_back(stored(finding));
    std::ranges::stable_sort(report.findings, std::greater{}, &review::Finding::level);
    for (const Image& image : patch_->images) add_functions(image, report);
    return report;
  }

 private:
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> facts() const {
    std::vector<std::pair<std::string, std::string>> all = {
        {"patch", patch_->id.text()}, {"description", patch_->description}, {"made by", patch_->toolchain}};
    for (const Image& image : patch_->images) {
      all.emplace_back("for", fmt::format("{}, build-id {}", image.module_name, image.module.text()));
      all.emplace_back("memory", fmt::format("{} bytes beside the module", image.window_size()));
      for (const patch::Hook& hook : image.hooks) all.emplace_back("hook", hook.name);
    }
    return all;
  }

  static review::Level level_of(const std::string& text) {
    for (const review::Level level : {review::Level::safe, review::Level::note, review::Level::review})
      if (review::to_string(level) == text) return level;
    return review::Level::refused;
  }

  static review::Finding stored(const patch::Finding& finding) {
    review::Finding out;
    out.id = finding.id;
    out.level = level_of(finding.level);
    out.kind = finding.id.substr(0, finding.id.find(':'));
    out.message = finding.message;
    if (!finding.acknowledgement.empty()) out.why = "acknowledged: " + finding.acknowledgement;
    const std::size_t colon = finding.id.find(':');
    if (colon != std::string::npos) out.functions = {finding.id.substr(colon + 1)};
    return out;
  }

  [[nodiscard]] report::FunctionView view(const Image& image, const ImageNames& names,
                                          const std::string& symbol, const std::vector<PatchRange>& extents,
                                          Column before) const {
    report::FunctionView view;
    view.symbol = symbol;
    view.name = report::demangled(symbol);
    view.unit = image.module_name;
    for (const PatchRange& extent : extents) {
      view.new_size += extent.size;
      for (const std::string& name : callees(image, extent, names)) view.calls.push_back(name);
    }
    view.code = beside(std::move(before), new_code(image, extents, names));
    if (const auto span = spans_.find(symbol); span != spans_.end())
      view.source = beside({}, report::source_column(report::SourceTexts().added(span->second, view.name)));
    return view;
  }

  void add_functions(const Image& image, report::Report& report) const {
    const ImageNames names(image);
    std::vector<PatchRange> replaced;
    for (const patch::ReplacedFunction& function : image.replaced) {
      report.functions.push_back(
          view(image, names, function.name, function.new_extents, old_code(function, names)));
      for (const patch::Extent& extent : function.extents)
        report.functions.back().old_size += extent.range.size;
      replaced.insert(replaced.end(), function.new_extents.begin(), function.new_extents.end());
    }
    for (const patch::PatchSymbol& symbol : image.symbols) {
      const bool is_known = std::ranges::any_of(
          replaced, [&](const PatchRange& range) { return range.contains(symbol.address); });
      if (!symbol.is_function || symbol.size == 0 || is_known) continue;
      report.functions.push_back(view(image, names, symbol.name, {{symbol.address, symbol.size}}, {}));
      report.functions.back().kind = diff::ChangeKind::added;
    }
  }

  const patch::Patch* patch_;
  dwarf::SourceSpans spans_;
};

}  // namespace

report::Report view_patch(const patch::Patch& patch, const std::filesystem::path& file) {
  return PatchView(patch, file).make();
}

}  // namespace stent::create
