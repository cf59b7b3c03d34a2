#include "tests/support/failing_new.h"

#include <dlfcn.h>
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace gather::testing {
namespace {

// The functions of this program, local ones included: coroutines' bodies are,
// and so dladdr(3) does not know them.
class Symbols {
 public:
  Symbols() {
    const int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat status{};
    fstat(fd, &status);
    size_ = static_cast<std::size_t>(status.st_size);
    file_ = static_cast<const char*>(
        mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0));
    close(fd);
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* base) {
          *static_cast<uintptr_t*>(base) = info->dlpi_addr;
          return 1;  // the first is the program itself
        },
        &base_);
    Read();
  }

  // Empty for what is none of the program's.
  std::string_view Find(const void* address) const {
    const uintptr_t at = reinterpret_cast<uintptr_t>(address) - base_;
    auto after = std::upper_bound(
        functions_.begin(), functions_.end(), at,
        [](uintptr_t value, const Function& f) { return value < f.begin; });
    if (after == functions_.begin()) return {};
    const Function& found = *--after;
    return at < found.end ? std::string_view(found.name) : std::string_view();
  }

 private:
  struct Function {
    uintptr_t begin;
    uintptr_t end;
    const char* name;
  };

  template <typename T>
  const T* At(std::size_t offset) const {
    return reinterpret_cast<const T*>(file_ + offset);
  }

  void Read() {
    const auto* header = At<ElfW(Ehdr)>(0);
    const auto* sections = At<ElfW(Shdr)>(header->e_shoff);
    for (int i = 0; i < header->e_shnum; ++i) {
      if (sections[i].sh_type != SHT_SYMTAB) continue;
      const auto* symbols = At<ElfW(Sym)>(sections[i].sh_offset);
      const char* names = file_ + sections[sections[i].sh_link].sh_offset;
      for (std::size_t j = 0; j < sections[i].sh_size / sizeof(*symbols); ++j) {
        const auto& symbol = symbols[j];
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
        functions_.push_back({symbol.st_value, symbol.st_value + symbol.st_size,
                              names + symbol.st_name});
      }
    }
    std::sort(
        functions_.begin(), functions_.end(),
        [](const Function& a, const Function& b) { return a.begin < b.begin; });
  }

  const char* file_ = nullptr;
  std::size_t size_ = 0;
  uintptr_t base_ = 0;
  std::vector<Function> functions_;
};

const Symbols& TheSymbols() {
  static const Symbols symbols;
  return symbols;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsInLibraryToPass(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  return Contains(info.dli_fname, "libstdc++") ||
         Contains(info.dli_fname, "libabsl");
}

enum class Owner { kOurs, kTheirs, kCaller };

bool StartsWithOneOf(std::string_view text,
                     std::initializer_list<std::string_view> prefixes) {
  return std::any_of(
      prefixes.begin(), prefixes.end(),
      [text](std::string_view p) { return text.starts_with(p); });
}

Owner OwnerOf(std::string_view function) {
  // Generated code: a service asks for calls on our behalf, messages are
  // Protobuf's.
  for (const char* package :
       {"6gather4user2v1", "6gather10aggregator2v1", "6gather6fanout2v1"}) {
    if (!Contains(function.substr(0, 32), package)) continue;
    return Contains(function, "AsyncMethod_") ? Owner::kCaller : Owner::kTheirs;
  }
  if (StartsWithOneOf(function, {"_ZN6gather", "_ZNK6gather", "_ZZN6gather"})) {
    return Owner::kOurs;
  }
  // What others' headers have in our code; the last are gRPC's that are called
  // by it, and not by gRPC.
  return StartsWithOneOf(
             function,
             {"_Zn", "_ZNSt", "_ZNKSt", "_ZSt", "_ZN9__gnu_cxx", "_ZN4absl",
              "_ZNK4absl", "_ZN4grpc6Status", "_ZNK4grpc6Status",
              "_ZN4grpc7Service", "_ZN4grpc15ServerInterface16RequestAsyncCall",
              "_ZN4grpc25ServerAsyncResponseWriter",
              "_ZN4grpc17ServerAsyncWriter"})
             ? Owner::kCaller
             : Owner::kTheirs;
}

thread_local int countdown = 0;  // 0: fails none
thread_local bool looking = false;
std::atomic<int> failures = 0;
std::atomic<const char*> last_failure = "";

// The function of ours that asks for memory; empty where none does.
const char* OurCaller() {
  std::array<void*, 24> frames;
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int i = 1; i < depth; ++i) {
    // A return address may be the next function's first.
    const void* const at = static_cast<const char*>(frames[i]) - 1;
    const std::string_view function = TheSymbols().Find(at);
    if (function.empty()) {
      if (!IsInLibraryToPass(at)) return nullptr;
      continue;
    }
    if (Contains(function, "ShouldFail") || Contains(function, "OurCaller")) {
      continue;
    }
    switch (OwnerOf(function)) {
      case Owner::kOurs:
        return function.data();
      case Owner::kTheirs:
        return nullptr;
      case Owner::kCaller:
        break;
    }
  }
  return nullptr;
}

bool ShouldFail() {
  if (countdown == 0 || looking) return false;
  looking = true;
  const char* const caller = OurCaller();
  looking = false;
  if (caller == nullptr || --countdown > 0) return false;
  last_failure = caller;
  ++failures;
  return true;
}

void* Allocate(std::size_t size) noexcept {
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

void FailAllocation(int n) {
  (void)TheSymbols();
  std::array<void*, 1> frame;
  backtrace(frame.data(), 1);  // loads what it needs
  countdown = n;
}

int FailedAllocations() { return failures; }

std::string LastFailedAllocation() { return last_failure.load(); }

}  // namespace gather::testing

void* operator new(std::size_t size) {
  void* const memory =
      gather::testing::ShouldFail() ? nullptr : gather::testing::Allocate(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return gather::testing::Allocate(size);
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return gather::testing::Allocate(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
