#include "create/report/function_view.hpp"

#include <fmt/core.h>

#include <set>

#include "create/report/listing.hpp"

namespace stent::report {
namespace {

using model::AtomId;
using Spans = dwarf::SourceSpans;

std::vector<AtomId> parts(const model::Object& object, const std::optional<model::FunctionId>& id) {
  std::vector<AtomId> atoms;
  if (!id) return atoms;
  atoms.push_back(object[*id].entry);
  atoms.insert(atoms.end(), object[*id].fragments.begin(), object[*id].fragments.end());
  return atoms;
}

std::uint64_t size_of(const model::Object& object, const std::vector<AtomId>& atoms) {
  std::uint64_t size = 0;
  for (const AtomId id : atoms) size += object[id].size;
  return size;
}

Column code_column(const model::Object& object, const std::vector<AtomId>& atoms) {
  Column column;
  for (const AtomId id : atoms) {
    if (id != atoms.front()) column.add({"", "part " + object[id].name, ""}, "part");
    for (CodeLine& line : list_code(object, id))
      column.add({fmt::format("+{:x}", line.offset), std::move(line.text), std::move(line.bytes)},
                 std::move(line.key));
  }
  return column;
}

const dwarf::SourceSpan* find(const Spans& spans, const std::string& symbol) {
  const auto at = spans.find(symbol);
  return at == spans.end() ? nullptr : &at->second;
}

SideBySide source_of(const diff::FunctionChange& change, const std::string& name, const Spans& old_spans,
                     const Spans& new_spans, const SourceTexts& texts, const std::string& old_symbol) {
  const dwarf::SourceSpan* before = find(old_spans, old_symbol);
  const dwarf::SourceSpan* after = find(new_spans, change.name);
  if (change.kind == diff::ChangeKind::changed && before != nullptr && after != nullptr) {
    auto [old_lines, new_lines] = texts.both(*before, *after);
    return beside(source_column(std::move(old_lines)), source_column(std::move(new_lines)));
  }
  if (change.kind == diff::ChangeKind::added && after != nullptr)
    return beside({}, source_column(texts.added(*after, name)));
  if (change.kind == diff::ChangeKind::removed && before != nullptr)
    return beside(source_column(texts.removed(*before)), {});
  return {};
}

/// The symbols of the functions that the code of `atoms` refers to, each once.
std::vector<std::string> called(const model::Object& object, const std::vector<AtomId>& atoms) {
  std::set<std::string> names;
  for (const AtomId id : atoms)
    for (const model::Reference& reference : object[id].references) {
      if (reference.symbol)
        names.insert(object[*reference.symbol].name);
      else if (reference.place && object[reference.place->atom].kind == model::AtomKind::code)
        names.insert(object[reference.place->atom].name);
    }
  return {names.begin(), names.end()};
}

/// The part of a demangled name that stands in the source: no arguments, no scopes.
std::string last_name(const std::string& name) {
  const std::string head = name.substr(0, name.find('('));
  const std::size_t at = head.rfind("::");
  return at == std::string::npos ? head : head.substr(at + 2);
}

}  // namespace

std::vector<FunctionView> view_functions(const std::string& unit, const model::Object& old_object,
                                         const model::Object& new_object, const diff::ChangeSet& changes,
                                         const SourceTexts& texts) {
  const Spans old_spans = old_object.path.empty() ? Spans{} : dwarf::load_source_spans(old_object.path);
  const Spans new_spans = dwarf::load_source_spans(new_object.path);
  std::vector<FunctionView> views;
  for (const diff::FunctionChange& change : changes.functions) {
    const auto old_parts = parts(old_object, change.old_function);
    const auto new_parts = parts(new_object, change.new_function);
    FunctionView view;
    view.symbol = change.name;
    view.name = demangled(change.name);
    view.unit = unit;
    view.kind = change.kind;
    view.first_difference = change.first_difference;
    view.old_size = size_of(old_object, old_parts);
    view.new_size = size_of(new_object, new_parts);
    const std::string old_symbol =
        change.old_function ? old_object[old_object[*change.old_function].symbol].name : std::string();
    view.source = source_of(change, last_name(view.name), old_spans, new_spans, texts, old_symbol);
    view.code = beside(code_column(old_object, old_parts), code_column(new_object, new_parts));
    view.calls = new_parts.empty() ? called(old_object, old_parts) : called(new_object, new_parts);
    views.push_back(std::move(view));
  }
  return views;
}

}  // namespace stent::report
