#ifndef GATHER_TESTS_SUPPORT_CERTIFICATES_H_
#define GATHER_TESTS_SUPPORT_CERTIFICATES_H_

#include <filesystem>
#include <string>

#include "server/ops/tls/tls_files.h"

namespace gather::testing {

// An authority and its certificates, in a directory that goes with it; made by
// deploy/tls/make-certs.sh.
class TestAuthority {
 public:
  // Those of `names`, separated by blanks.
  explicit TestAuthority(const std::string& names);
  ~TestAuthority();
  TestAuthority(const TestAuthority&) = delete;
  TestAuthority& operator=(const TestAuthority&) = delete;

  // Makes them, anew where they are there: "--expired old".
  void Make(const std::string& names);

  // The files of a name, as flags ca, cert and key have them.
  ops::TlsFiles Files(const std::string& name) const;

  const std::filesystem::path& directory() const { return directory_; }

 private:
  std::filesystem::path directory_;
};

std::string ReadAll(const std::string& path);
void WriteAll(const std::string& path, const std::string& text);

}  // namespace gather::testing

#endif  // GATHER_TESTS_SUPPORT_CERTIFICATES_H_
