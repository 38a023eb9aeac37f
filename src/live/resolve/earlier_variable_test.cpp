#include "live/resolve/earlier_variable.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"

namespace stent::resolve {
namespace {

using patch::NewVariable;
using testing::HasSubstr;

const BuildId module{Bytes(20, std::byte{1})};

NewVariable variable(const std::string& identity, std::vector<std::string> users = {}) {
  return {identity, std::move(users), {}, 8, 8, 3, 4};
}

EarlierVariable earlier(NewVariable is, std::uint64_t address, const std::string& patch = "first") {
  return {module, std::move(is), {address}, patch};
}

using Found = std::vector<std::optional<RemoteAddress>>;

Found find(std::vector<NewVariable> wanted, const std::vector<EarlierVariable>& there) {
  patch::Image image;
  image.module = module;
  image.variables = std::move(wanted);
  return find_earlier(image, there);
}

std::string refusal(std::vector<NewVariable> wanted, const std::vector<EarlierVariable>& there) {
  try {
    static_cast<void>(find(std::move(wanted), there));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::refused);
    return error.message();
  }
  return {};
}

TEST(EarlierVariable, TheNewestOfTheNameIsIt) {
  const NewVariable n = variable("f.c: data n");
  EXPECT_EQ(find({n}, {}), Found{std::nullopt});
  EXPECT_EQ(find({n}, {earlier(n, 0x1000), earlier(n, 0x2000, "second")}), Found{RemoteAddress{0x2000}});
  EXPECT_EQ(find({n}, {earlier(variable("g.c: data n"), 0x1000)}), Found{std::nullopt});
  EarlierVariable other = earlier(n, 0x1000);
  other.module = {Bytes(20, std::byte{2})};
  EXPECT_EQ(find({n}, {other}), Found{std::nullopt});
}

TEST(EarlierVariable, StaticsOfFunctionsAreToldApartByWhoUsesThem) {
  const NewVariable of_f = variable("f.c: data n.#", {"function f"});
  const NewVariable of_g = variable("f.c: data n.#", {"function g"});
  const NewVariable of_both = variable("f.c: data n.#", {"function f", "function g"});
  EXPECT_EQ(find({of_f}, {earlier(of_g, 0x1000)}), Found{std::nullopt});
  EXPECT_EQ(find({of_f, of_g}, {earlier(of_g, 0x1000), earlier(of_f, 0x2000)}),
            (Found{RemoteAddress{0x2000}, RemoteAddress{0x1000}}));
  EXPECT_EQ(find({of_both}, {earlier(of_f, 0x1000)}), Found{RemoteAddress{0x1000}});
  EXPECT_THAT(refusal({of_both}, {earlier(of_f, 0x1000), earlier(of_g, 0x2000)}),
              HasSubstr("cannot be told"));
  EXPECT_THAT(refusal({of_f, of_both}, {earlier(of_f, 0x1000)}), HasSubstr("two variables of this patch"));
}

TEST(EarlierVariable, WhatCannotGoOnIsRefused) {
  const NewVariable n = variable("f.c: data n");
  const auto refused_for = [&](std::uint64_t NewVariable::*member, std::uint64_t value) {
    NewVariable wanted = n;
    wanted.*member = value;
    return refusal({wanted}, {earlier(n, 0x1008)});
  };
  EXPECT_THAT(refused_for(&NewVariable::size, 16), HasSubstr("has 8 bytes there, 16 in this patch"));
  EXPECT_THAT(refused_for(&NewVariable::alignment, 16), HasSubstr("not aligned to 16 bytes"));
  EXPECT_THAT(refused_for(&NewVariable::type, 5), HasSubstr("of another type"));
  EXPECT_EQ(refused_for(&NewVariable::type, 0), "") << "not known is no difference";
  EXPECT_THAT(refused_for(&NewVariable::initial, 5), HasSubstr("began with another value"));
}

TEST(EarlierVariable, FieldsThatACompilerSplitAreOfOneLayout) {
  const NewVariable at_8 = variable("f.c: data mark@8"), at_16 = variable("f.c: data mark@16");
  NewVariable of_other_type = at_16;
  of_other_type.type = 9;
  EXPECT_EQ(find({at_16}, {earlier(at_8, 0x1000)}), Found{std::nullopt}) << "a field that was not in use";
  EXPECT_THAT(refusal({of_other_type}, {earlier(at_8, 0x1000)}), HasSubstr("kept in another way"));
  EXPECT_THAT(refusal({variable("f.c: data mark")}, {earlier(at_8, 0x1000)}),
              HasSubstr("kept in another way"));
  EXPECT_THAT(refusal({at_8}, {earlier(variable("f.c: data mark"), 0x1000)}),
              HasSubstr("kept in another way"));
}

}  // namespace
}  // namespace stent::resolve
