#include "create/diff/scoped_name.hpp"

#include <gtest/gtest.h>

namespace stent::diff {

TEST(ScopedName, ASignatureIsNoPartOfAStaticLocal) {
  EXPECT_EQ(static_local_name("_ZZ5totaliE3log"), static_local_name("_ZZ5totalilE3log"));
  EXPECT_EQ(static_local_name("_ZZL5totaliE3log"), "total::log");
  EXPECT_NE(static_local_name("_ZZ5totaliE3log"), static_local_name("_ZZ5otheriE3log"));
  EXPECT_NE(static_local_name("_ZZ5totaliE3log"), static_local_name("_ZGVZ5totaliE3log"));
  EXPECT_FALSE(static_local_name("_Z5totali"));
  EXPECT_FALSE(static_local_name("total"));
}

TEST(ScopedName, AnOrdinalIsNoPartOfALambda) {
  EXPECT_EQ(lambda_name("_ZZ1fvENKUliE_clEi"), lambda_name("_ZZ1fvENKUliE0_clEi"));
  EXPECT_NE(lambda_name("_ZZ1fvENKUliE_clEi"), lambda_name("_ZZ1fvENKUllE_clEl"));
  EXPECT_FALSE(lambda_name("_ZN3FUl1fEv"));
  EXPECT_EQ(lambda_name("_ZZL1fvENK3$_0clEi"), lambda_name("_ZZL1fvENK4$_12clEi"));
  EXPECT_EQ(static_local_name("_ZZZ1fvENKUliE_clEiE1c"), static_local_name("_ZZZ1fvENKUliE0_clEiE1c"));
}

TEST(ScopedName, AGuardKnowsItsVariable) {
  EXPECT_EQ(guarded_name("_ZGVZ5totaliE3log"), "_ZZ5totaliE3log");
  EXPECT_FALSE(guarded_name("_ZZ5totaliE3log"));
}

}  // namespace stent::diff
