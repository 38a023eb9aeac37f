#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace stent::cli {

report::TextStyle terminal_style() {
  report::TextStyle style;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.width = size.ws_col;
  const char* no_colour = std::getenv("NO_COLOR");
  style.coloured = no_colour == nullptr || *no_colour == '\0';
  return style;
}

}  // namespace stent::cli
