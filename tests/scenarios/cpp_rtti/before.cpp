#include <cstdio>
#include <typeinfo>

struct Animal {
  virtual ~Animal() = default;
};
struct Dog : Animal {
  int barks = 2;
};
struct Cat : Animal {
  int lives = 9;
};

static Animal* pets[] = {new Dog, new Cat};

__attribute__((noinline)) static int describe(Animal* pet) {
  if (auto* dog = dynamic_cast<Dog*>(pet)) return dog->barks;
  return -1;
}

extern "C" void scenario(int n) { std::printf("%d %d\n", describe(pets[n]), typeid(*pets[n]) == typeid(Cat)); }
