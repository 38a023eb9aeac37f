#include "patch/metadata.hpp"

#include "patch/read_json.hpp"

namespace stent::patch {
namespace {

template <class Where>
Json range_json(Range<Where> range) {
  return Json::array({range.begin.value, range.size});
}

PatchRange patch_range(const Json& value) {
  row(value, 2);
  return {{number(value[0])}, number(value[1])};
}

Bytes slice(ByteView contents, std::uint64_t offset, std::uint64_t size) {
  if (offset > contents.size() || size > contents.size() - offset) malformed("a part lies outside the file");
  const ByteView part = contents.subspan(offset, size);
  return {part.begin(), part.end()};
}

template <class Kind>
struct Name {
  Kind kind;
  const char* text;
};

template <class Kind, std::size_t count>
const char* name_of(const Name<Kind> (&names)[count], Kind kind) {
  for (const auto& name : names)
    if (name.kind == kind) return name.text;
  throw Error(ErrorCode::internal, "a patch holds an enumerator without a name");
}

template <class Kind, std::size_t count>
Kind kind_of(const Name<Kind> (&names)[count], const std::string& wanted) {
  for (const auto& name : names)
    if (wanted == name.text) return name.kind;
  malformed("unknown word '" + wanted + "'");
}

constexpr Name<SegmentKind> segment_kinds[] = {
    {SegmentKind::code, "code"}, {SegmentKind::constants, "constants"}, {SegmentKind::data, "data"}};
constexpr Name<UnwindNeed> unwind_needs[] = {
    {UnwindNeed::none, "none"}, {UnwindNeed::wanted, "wanted"}, {UnwindNeed::required, "required"}};
constexpr Name<HookKind> hook_kinds[] = {{HookKind::pre_apply, "pre_apply"},
                                         {HookKind::post_apply, "post_apply"},
                                         {HookKind::pre_revert, "pre_revert"},
                                         {HookKind::post_revert, "post_revert"}};
constexpr Name<Consistency> consistencies[] = {{Consistency::all, "all"}, {Consistency::entry, "entry"}};

// ---- bindings

struct BindingJson {
  Json operator()(const ModuleAddress& at) const { return {{"in", "module"}, {"address", at.address.value}}; }
  Json operator()(const DynamicSymbol& symbol) const {
    return {{"in", "dynamic"}, {"version", symbol.version}, {"weak", symbol.weak}};
  }
  Json operator()(const ThreadOffset& thread) const { return {{"in", "thread"}, {"offset", thread.offset}}; }
  Json operator()(const ThreadModule&) const { return {{"in", "thread-module"}}; }
  Json operator()(const OtherImage& other) const {
    return {{"in", "image"}, {"image", other.image}, {"address", other.address.value}};
  }
  Json operator()(const OtherModule& other) const {
    return {{"in", "other-module"}, {"module", other.module.text()}, {"address", other.address.value}};
  }
  Json operator()(const OwnImage& own) const { return {{"in", "own"}, {"address", own.address.value}}; }
  Json operator()(const ShadowTable&) const { return {{"in", "shadow"}}; }
  Json operator()(const ChosenFunction& function) const {
    return {{"in", "chosen"}, {"address", function.resolver.value}};
  }
};

Json json_of(const Binding& binding) {
  Json json = {{"name", binding.name}};
  json.update(std::visit(BindingJson{}, binding.where));
  return json;
}

Binding binding_of(const Json& json) {
  Binding binding{text(member(json, "name")), {}};
  const std::string in = text(member(json, "in"));
  if (in == "module")
    binding.where = ModuleAddress{{number(member(json, "address"))}};
  else if (in == "dynamic")
    binding.where = DynamicSymbol{text(member(json, "version")), truth(member(json, "weak"))};
  else if (in == "thread")
    binding.where = ThreadOffset{number(member(json, "offset"))};
  else if (in == "thread-module")
    binding.where = ThreadModule{};
  else if (in == "image")
    binding.where = OtherImage{number32(member(json, "image")), {number(member(json, "address"))}};
  else if (in == "other-module")
    binding.where = OtherModule{build_id(member(json, "module")), {number(member(json, "address"))}};
  else if (in == "own")
    binding.where = OwnImage{{number(member(json, "address"))}};
  else if (in == "shadow")
    binding.where = ShadowTable{};
  else if (in == "chosen")
    binding.where = ChosenFunction{{number(member(json, "address"))}};
  else
    malformed("unknown kind of binding '" + in + "'");
  return binding;
}

// ---- replaced functions

/// Hands out the places of the pre-images, one after the other in the order of the patch.
Json json_of(const std::vector<Extent>& extents, std::uint64_t& pre_image_at) {
  Json rows = Json::array();
  for (const Extent& extent : extents) {
    rows.push_back(Json::array({extent.range.begin.value, extent.range.size, pre_image_at}));
    pre_image_at += extent.pre_image.size();
  }
  return rows;
}

std::vector<Extent> extents_of(const Json& rows, ByteView contents) {
  std::vector<Extent> extents;
  for (const Json& one : rows) {
    row(one, 3);
    extents.push_back({{{number(one[0])}, number(one[1])}, slice(contents, number(one[2]), number(one[1]))});
  }
  return extents;
}

Json json_of(const ReplacedFunction& function, std::uint64_t& pre_image_at) {
  Json extents = json_of(function.extents, pre_image_at);
  Json islands = json_of(function.islands, pre_image_at);
  Json new_extents = Json::array();
  for (const PatchRange& range : function.new_extents) new_extents.push_back(range_json(range));
  Json load_time = Json::array();
  for (const LoadTimeField& field : function.load_time)
    load_time.push_back(Json::array({field.place.value, field.is_own_address}));
  return {{"name", function.name},
          {"extents", std::move(extents)},
          {"load_time", std::move(load_time)},
          {"islands", std::move(islands)},
          {"replacement", function.replacement.value},
          {"new_extents", std::move(new_extents)},
          {"destroys", function.destroys}};
}

ReplacedFunction replaced_of(const Json& json, ByteView contents) {
  ReplacedFunction function;
  function.name = text(member(json, "name"));
  function.extents = extents_of(list(json, "extents"), contents);
  function.islands = extents_of(list(json, "islands"), contents);
  for (const Json& field : list(json, "load_time")) {
    row(field, 2);
    function.load_time.push_back({{number(field[0])}, truth(field[1])});
  }
  function.replacement = {number(member(json, "replacement"))};
  for (const Json& range : list(json, "new_extents")) function.new_extents.push_back(patch_range(range));
  function.destroys = number(member(json, "destroys"));
  return function;
}

// ---- images

Json segments_json(const Image& image, const ImageLayout& place) {
  Json segments = Json::array();
  for (std::size_t i = 0; i < image.segments.size(); ++i) {
    const Segment& segment = image.segments[i];
    segments.push_back({{"kind", name_of(segment_kinds, segment.kind)},
                        {"address", segment.address.value},
                        {"memory_size", segment.memory_size},
                        {"file_offset", place.segments[i].value},
                        {"file_size", segment.bytes.size()}});
  }
  return segments;
}

/// The keys of an image that say how it is called and unwound through in the target.
Json running_json(const Image& image) {
  Json hooks = Json::array(), unwinder = Json::array();
  for (const Hook& hook : image.hooks)
    hooks.push_back(Json::array({name_of(hook_kinds, hook.kind), hook.name, hook.address.value}));
  if (image.own_unwinder)
    unwinder = Json::array({image.own_unwinder->add.value, image.own_unwinder->remove.value});
  return {{"unwind", name_of(unwind_needs, image.unwind)},
          {"unwinder", std::move(unwinder)},
          {"hooks", std::move(hooks)}};
}

void read_running(const Json& json, Image& image) {
  image.unwind = kind_of(unwind_needs, text(member(json, "unwind")));
  if (const Json& unwinder = list(json, "unwinder"); !unwinder.empty()) {
    row(unwinder, 2);
    image.own_unwinder = OwnUnwinder{{number(unwinder[0])}, {number(unwinder[1])}};
  }
  for (const Json& hook : list(json, "hooks")) {
    row(hook, 3);
    image.hooks.push_back({kind_of(hook_kinds, text(hook[0])), text(hook[1]), {number(hook[2])}});
  }
}

/// The keys of an image that say what it has to do with other patches.
Json lineage_json(const Image& image) {
  Json variables = Json::array(), relies_on = Json::array();
  for (const NewVariable& v : image.variables)
    variables.push_back(
        Json::array({v.identity, v.users, v.address.value, v.size, v.alignment, v.type, v.initial}));
  for (const Reliance& one : image.relies_on)
    relies_on.push_back(Json::array({one.name, one.entry.value, one.registers}));
  return {{"variables", std::move(variables)}, {"relies_on", std::move(relies_on)}};
}

void read_lineage(const Json& json, Image& image) {
  for (const Json& one : list(json, "variables")) {
    row(one, 7);
    NewVariable variable{text(one[0]),  {}, {number(one[2])}, number(one[3]), number(one[4]), number(one[5]),
                         number(one[6])};
    if (!one[1].is_array()) malformed("the users of a variable are not a list");
    for (const Json& user : one[1]) variable.users.push_back(text(user));
    image.variables.push_back(std::move(variable));
  }
  for (const Json& one : list(json, "relies_on")) {
    row(one, 3);
    image.relies_on.push_back({text(one[0]), {number(one[1])}, number(one[2])});
  }
}

Json json_of(const Image& image, const ImageLayout& place, std::uint64_t& pre_image_at) {
  Json symbols = Json::array(), bindings = Json::array(), relocations = Json::array(),
       replaced = Json::array();
  for (const PatchSymbol& symbol : image.symbols)
    symbols.push_back(
        Json::array({symbol.name, symbol.address.value, symbol.size, symbol.is_function, symbol.is_local}));
  for (const Binding& binding : image.bindings) bindings.push_back(json_of(binding));
  for (const Relocation& relocation : image.relocations)
    relocations.push_back(Json::array({relocation.place.value, static_cast<std::uint32_t>(relocation.type),
                                       relocation.binding, relocation.addend}));
  for (const ReplacedFunction& function : image.replaced) replaced.push_back(json_of(function, pre_image_at));
  Json json = {{"module", image.module.text()},
               {"module_name", image.module_name},
               {"alternatives", image.alternatives ? Json(*image.alternatives) : Json(nullptr)},
               {"window", place.window.value},
               {"replaced", std::move(replaced)},
               {"segments", segments_json(image, place)},
               {"eh_frame", range_json(image.eh_frame)},
               {"eh_frame_hdr", range_json(image.eh_frame_hdr)},
               {"bindings", std::move(bindings)},
               {"relocations", std::move(relocations)},
               {"symbols", std::move(symbols)}};
  json.update(running_json(image));
  json.update(lineage_json(image));
  return json;
}

Image image_of(const Json& json, ByteView contents) {
  Image image;
  image.module = build_id(member(json, "module"));
  image.module_name = text(member(json, "module_name"));
  if (const Json& group = member(json, "alternatives"); !group.is_null())
    image.alternatives = number32(group);
  for (const Json& segment : list(json, "segments"))
    image.segments.push_back(
        {kind_of(segment_kinds, text(member(segment, "kind"))),
         {number(member(segment, "address"))},
         slice(contents, number(member(segment, "file_offset")), number(member(segment, "file_size"))),
         number(member(segment, "memory_size"))});
  for (const Json& symbol : list(json, "symbols")) {
    row(symbol, 5);
    image.symbols.push_back(
        {text(symbol[0]), {number(symbol[1])}, number(symbol[2]), truth(symbol[3]), truth(symbol[4])});
  }
  for (const Json& binding : list(json, "bindings")) image.bindings.push_back(binding_of(binding));
  for (const Json& relocation : list(json, "relocations")) {
    row(relocation, 4);
    image.relocations.push_back({{number(relocation[0])},
                                 static_cast<x86_64::RelocationType>(number32(relocation[1])),
                                 number32(relocation[2]),
                                 signed_number(relocation[3])});
  }
  for (const Json& function : list(json, "replaced"))
    image.replaced.push_back(replaced_of(function, contents));
  image.eh_frame = patch_range(member(json, "eh_frame"));
  image.eh_frame_hdr = patch_range(member(json, "eh_frame_hdr"));
  read_running(json, image);
  read_lineage(json, image);
  return image;
}

Finding finding_of(const Json& json) {
  return {text(member(json, "id")), text(member(json, "level")), text(member(json, "message")),
          text(member(json, "acknowledgement"))};
}

void check_version(const Json& json) {
  const std::uint64_t version = number(member(json, "format"));
  if (version == format_version) return;
  throw Error(ErrorCode::bad_input,
              "the patch has format version " + std::to_string(version) + "; this stent reads version " +
                  std::to_string(format_version),
              version > format_version ? "use a newer stent; this patch was made by one"
                                       : "make the patch again with this stent");
}

}  // namespace

std::string to_json(const Patch& patch, const FileLayout& layout) {
  std::uint64_t pre_image_at = layout.pre_images.value;
  Json images = Json::array(), findings = Json::array();
  for (std::size_t i = 0; i < patch.images.size(); ++i)
    images.push_back(json_of(patch.images[i], layout.images[i], pre_image_at));
  for (const Finding& finding : patch.findings)
    findings.push_back({{"id", finding.id},
                        {"level", finding.level},
                        {"message", finding.message},
                        {"acknowledgement", finding.acknowledgement}});
  Json debug = Json::array();
  for (std::size_t i = 0; i < patch.debug.size(); ++i)
    debug.push_back(Json::array({patch.debug[i].name, layout.debug[i].value, patch.debug[i].bytes.size()}));
  const Json json = {
      {"format", format_version},         {"name", patch.name},
      {"description", patch.description}, {"toolchain", patch.toolchain},
      {"created", patch.created},         {"consistency", name_of(consistencies, patch.consistency)},
      {"images", std::move(images)},      {"findings", std::move(findings)},
      {"debug", std::move(debug)}};
  try {
    return json.dump();
  } catch (const Json::exception&) {
    throw Error(ErrorCode::refused, "a name or text of the patch is not valid UTF-8",
                "check --description, and the names of functions and files");
  }
}

Patch from_json(std::string_view metadata, ByteView contents) {
  const Json json = Json::parse(metadata, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) malformed("it is not JSON");
  check_version(json);
  Patch patch;
  patch.name = text(member(json, "name"));
  patch.description = text(member(json, "description"));
  patch.toolchain = text(member(json, "toolchain"));
  patch.created = signed_number(member(json, "created"));
  patch.consistency = kind_of(consistencies, text(member(json, "consistency")));
  for (const Json& image : list(json, "images")) patch.images.push_back(image_of(image, contents));
  for (const Json& finding : list(json, "findings")) patch.findings.push_back(finding_of(finding));
  for (const Json& section : list(json, "debug")) {
    row(section, 3);
    patch.debug.push_back({text(section[0]), slice(contents, number(section[1]), number(section[2]))});
  }
  return patch;
}

}  // namespace stent::patch
