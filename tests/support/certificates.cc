#include "tests/support/certificates.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace gather::testing {

TestAuthority::TestAuthority(const std::string& names) {
  std::string pattern = ::testing::TempDir() + "gather-certs-XXXXXX";
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  directory_ = pattern;
  Make(names);
}

TestAuthority::~TestAuthority() { std::filesystem::remove_all(directory_); }

void TestAuthority::Make(const std::string& names) {
  const std::string command =
      GATHER_MAKE_CERTS " '" + directory_.string() + "' " + names;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

ops::TlsFiles TestAuthority::Files(const std::string& name) const {
  const std::filesystem::path own = directory_ / name;
  return {.ca = {"ca", own / "ca.crt"},
          .cert = {"cert", own / "tls.crt"},
          .key = {"key", own / "tls.key"}};
}

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void WriteAll(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace gather::testing
