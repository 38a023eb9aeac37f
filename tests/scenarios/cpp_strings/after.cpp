#include <cstdio>
#include <map>
#include <string>
#include <vector>

__attribute__((noinline)) static std::string join(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) {
    if (!all.empty()) all.append(", ");
    all += word + "!";
  }
  return all;
}

extern "C" void scenario(int n) {
  std::vector<std::string> words;
  for (int i = 0; i < n; ++i) words.push_back("w" + std::to_string(i));
  std::printf("%s\n", join(words).c_str());
}
