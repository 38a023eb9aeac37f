#include "live/resolve/earlier_variable.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

using patch::NewVariable;
using Candidates = std::vector<const EarlierVariable*>;

bool shares_user(const NewVariable& a, const NewVariable& b) {
  return std::ranges::any_of(
      a.users, [&](const std::string& user) { return std::ranges::find(b.users, user) != b.users.end(); });
}

/// A static of one function is not that of another, though both have one name.
bool may_be(const NewVariable& a, const NewVariable& b) {
  if (a.identity != b.identity) return false;
  return (a.users.empty() && b.users.empty()) || shares_user(a, b);
}

/// The text without what it is told apart by: "store.c: data hits.#" -> "hits".
std::string name_of(const NewVariable& variable) {
  std::string name = variable.identity;
  for (const char* mark : {": ", "data ", "global "})
    if (const auto at = name.find(mark); at != std::string::npos)
      name = name.substr(at + std::string(mark).size());
  return name.substr(0, std::min(name.find(".#"), name.find('@')));
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(
      ErrorCode::refused, what,
      "make the patch anew with the variable as it was, or under another name; or give --new-data=fresh: it "
      "then begins anew with its initial value, and what it holds now is not used any more");
}

void require_same(const NewVariable& wanted, const EarlierVariable& found) {
  const auto differs = [&](const std::string& how) {
    refuse(fmt::format("the new variable {} is in the process already, brought by patch {}, and {}",
                       name_of(wanted), found.patch, how));
  };
  if (wanted.size != found.variable.size)
    differs(fmt::format("has {} bytes there, {} in this patch", found.variable.size, wanted.size));
  if (wanted.type != 0 && found.variable.type != 0 && wanted.type != found.variable.type)
    differs("is of another type there");
  if (found.address.value % wanted.alignment != 0)
    differs(fmt::format("is not aligned to {} bytes there", wanted.alignment));
  if (wanted.initial != found.variable.initial)
    differs("began with another value there than this patch gives it");
}

/// Those that the variable may be, the newest of each place.
Candidates candidates_for(const BuildId& module, const NewVariable& wanted,
                          std::span<const EarlierVariable> earlier) {
  Candidates candidates;
  for (const EarlierVariable& one : earlier) {
    if (one.module != module || !may_be(one.variable, wanted)) continue;
    std::erase_if(candidates, [&](const EarlierVariable* known) { return known->address == one.address; });
    candidates.push_back(&one);
  }
  return candidates;
}

/// The identity of the variable that a compiler split into its fields ("data mark@8"), and of one it did not.
std::string whole_of(const NewVariable& variable) {
  const std::string whole = variable.identity.substr(0, variable.identity.find('@'));
  return whole.substr(0, whole.rfind(".#") + 2 == whole.size() ? whole.size() - 2 : whole.size());
}

bool is_part(const NewVariable& variable) { return variable.identity.find('@') != std::string::npos; }

/// A field that no patch used so far begins anew; what is laid out otherwise is another matter.
void refuse_other_parts(const BuildId& module, const NewVariable& wanted,
                        std::span<const EarlierVariable> earlier) {
  for (const EarlierVariable& one : earlier) {
    const bool is_same =
        one.module == module && whole_of(one.variable) == whole_of(wanted) &&
        (one.variable.users.empty() || wanted.users.empty() || shares_user(one.variable, wanted));
    if (!is_same || one.variable.identity == wanted.identity) continue;
    const bool has_type = one.variable.type != 0 && wanted.type != 0;
    if (is_part(one.variable) && is_part(wanted) && !(has_type && one.variable.type != wanted.type)) continue;
    refuse(
        fmt::format("the new variable {} is in the process already, brought by patch {}, and its fields are "
                    "kept in another way there",
                    name_of(wanted), one.patch));
  }
}

/// A variable of the unit, of which there is one: a newer patch may have begun it anew.
const EarlierVariable* choose(const NewVariable& wanted, Candidates candidates) {
  if (candidates.empty()) return nullptr;
  if (wanted.users.empty() || candidates.size() == 1) return candidates.back();
  std::erase_if(candidates, [&](const EarlierVariable* one) { return one->variable.users != wanted.users; });
  if (candidates.size() == 1) return candidates.front();
  refuse(fmt::format(
      "earlier patches brought several variables {}, and which of them the new one is cannot be told",
      name_of(wanted)));
}

}  // namespace

std::vector<std::optional<RemoteAddress>> find_earlier(const patch::Image& image,
                                                       std::span<const EarlierVariable> earlier) {
  std::vector<std::optional<RemoteAddress>> found;
  for (const NewVariable& wanted : image.variables) {
    const EarlierVariable* chosen = choose(wanted, candidates_for(image.module, wanted, earlier));
    if (chosen != nullptr) {
      if (std::ranges::find(found, std::optional(chosen->address)) != found.end())
        refuse(fmt::format("two variables of this patch could both be {} of patch {}", name_of(wanted),
                           chosen->patch));
      require_same(wanted, *chosen);
    } else {
      refuse_other_parts(image.module, wanted, earlier);
    }
    found.push_back(chosen != nullptr ? std::optional(chosen->address) : std::nullopt);
  }
  return found;
}

}  // namespace stent::resolve
