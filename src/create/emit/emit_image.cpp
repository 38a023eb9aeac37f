#include "create/emit/emit_image.hpp"

#include <algorithm>

#include "create/bind/known_clobbers.hpp"
#include "create/emit/frames.hpp"
#include "create/emit/new_variables.hpp"
#include "create/emit/references.hpp"
#include "create/emit/reliance.hpp"
#include "create/emit/running.hpp"
#include "patch/assign_islands.hpp"

namespace stent::emit {
namespace {

PatchRange range_of(const bind::BoundUnit& unit, std::size_t index, model::AtomId atom,
                    const Placement& placement, const Draft& draft) {
  const auto spot = placement.find(index, atom);
  if (!spot)
    throw Error(ErrorCode::internal,
                "'" + (*unit.new_object)[atom].name + "' replaces a function but was not selected");
  const model::Atom& contents = (*unit.new_object)[atom];
  return {draft.address_of(*spot), std::max<std::uint64_t>(contents.size, contents.bytes.size())};
}

std::vector<patch::ReplacedFunction> replaced_functions(const std::vector<bind::BoundUnit>& units,
                                                        const Placement& placement, const Draft& draft) {
  std::vector<patch::ReplacedFunction> replaced;
  for (std::size_t unit = 0; unit < units.size(); ++unit)
    for (const bind::BoundFunction& function : units[unit].replaced) {
      const model::Function& parts = (*units[unit].new_object)[function.new_function];
      patch::ReplacedFunction out{function.name,      function.extents, {}, {},
                                  function.load_time, function.islands};
      out.new_extents.push_back(range_of(units[unit], unit, parts.entry, placement, draft));
      for (const model::AtomId fragment : parts.fragments)
        out.new_extents.push_back(range_of(units[unit], unit, fragment, placement, draft));
      out.replacement = out.new_extents.front().begin;
      out.destroys = bind::may_destroy(*units[unit].new_object, parts).to_ullong();
      // A COMDAT function that several units carry is replaced once.
      const bool known =
          std::any_of(replaced.begin(), replaced.end(), [&](const patch::ReplacedFunction& other) {
            return other.entry() == out.entry() && other.replacement == out.replacement;
          });
      if (!known) replaced.push_back(std::move(out));
    }
  return replaced;
}

}  // namespace

patch::Image emit_image(const model::Image& target, const std::vector<bind::BoundUnit>& units) {
  Draft draft;
  const Placement placement(units, draft);
  const Spot stubs_begin{patch::SegmentKind::code, draft.size(patch::SegmentKind::code)};
  References references(target, units, placement, draft);
  references.write_all();
  const FrameTables frames = write_frames(units, placement, references, stubs_begin, draft);
  patch::Image image = draft.finish();
  image.module = target.build_id;
  image.module_name = target.soname.empty() ? target.path.filename().string() : target.soname;
  image.replaced = replaced_functions(units, placement, draft);
  image.variables = new_variables(units, placement, draft);
  image.relies_on = find_reliance(target, units, placement, references);
  static_cast<void>(patch::assign_islands(image, [](std::size_t, const patch::Extent&) { return true; }));
  image.eh_frame = frames.eh_frame;
  image.eh_frame_hdr = frames.eh_frame_hdr;
  describe_running(target, units, placement, draft, image);
  return image;
}

}  // namespace stent::emit
