// What the headers of fmt leave to its library, which Debian has as a shared one only: that would bring a
// second libstdc++ into stent, and with it most of the time that stent takes to start.
#include <fmt/format-inl.h>

namespace fmt::detail {

template FMT_API auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl<char>(locale_ref) -> char;

}  // namespace fmt::detail
