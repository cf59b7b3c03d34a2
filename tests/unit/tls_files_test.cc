#include "server/ops/tls/tls_files.h"

#include <cstdlib>
#include <string>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"

namespace gather::ops {
namespace {

using ::gather::testing::ReadAll;
using ::gather::testing::TestAuthority;
using ::gather::testing::WriteAll;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TlsFilesTest : public ::testing::Test {
 protected:
  std::string WhyNot(const TlsFiles& files) const {
    const auto read = ReadTlsFiles(files);
    return read.ok() ? "" : std::string(read.status().message());
  }

  TestAuthority authority_{"a b"};
  TlsFiles files_ = authority_.Files("a");
};

TEST_F(TlsFilesTest, ReadsWhatFits) {
  const auto read = ReadTlsFiles(files_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->roots, ReadAll(files_.ca.path));
  EXPECT_EQ(read->chain, ReadAll(files_.cert.path));
  EXPECT_EQ(read->key, ReadAll(files_.key.path));
  EXPECT_GT(read->expiry, absl::Now());
  EXPECT_LT(read->expiry, absl::Now() + absl::Hours(24 * 31));
}

TEST_F(TlsFilesTest, NeedsNoneOfThem) {
  files_.ca.path.clear();
  EXPECT_EQ(WhyNot(files_), "");
  const auto none = ReadTlsFiles({});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, TlsMaterial());
}

TEST_F(TlsFilesTest, TakesAChain) {
  WriteAll(files_.cert.path,
           ReadAll(files_.cert.path) + ReadAll(files_.ca.path));
  EXPECT_EQ(WhyNot(files_), "");
}

TEST_F(TlsFilesTest, NamesAFileThatIsNotThere) {
  files_.ca.path = "/nowhere/\n.pem";
  EXPECT_EQ(WhyNot(files_),
            "--ca: '/nowhere/\\n.pem' can't be read: No such file or "
            "directory");
}

TEST_F(TlsFilesTest, RefusesADirectoryAndAFileWithoutEnd) {
  files_.key.path = authority_.directory();
  EXPECT_THAT(WhyNot(files_), AllOf(StartsWith("--key: '"),
                                    HasSubstr("can't be read: Is a dir")));
  files_.key.path = "/dev/zero";
  EXPECT_EQ(WhyNot(files_), "--key: '/dev/zero' is too large");
}

TEST_F(TlsFilesTest, RefusesACertificateThatTlsWouldRefuse) {
  const std::string make =
      "openssl req -x509 -newkey rsa:512 -nodes -subj /CN=weak -days 2 -keyout "
      "'" +
      files_.key.path + "' -out '" + files_.cert.path + "' 2>/dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  EXPECT_THAT(WhyNot(files_),
              AllOf(StartsWith("--cert: '"), HasSubstr("refused by TLS: ")));
}

TEST_F(TlsFilesTest, KeepsOnlyTheKeyOfTheKeysFile) {
  const std::string key = ReadAll(files_.key.path);
  WriteAll(files_.key.path,
           ReadAll(authority_.Files("b").cert.path) + "\n" + key);
  const auto read = ReadTlsFiles(files_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->key, key);
}

TEST_F(TlsFilesTest, RefusesAKeyThatDoesNotFit) {
  files_.key.path = authority_.Files("b").key.path;
  EXPECT_EQ(WhyNot(files_), "--key: '" + files_.key.path +
                                "' does not fit the certificate in '" +
                                files_.cert.path + "'");
}

TEST_F(TlsFilesTest, RefusesAKeyWithAPasswordWithoutAskingForIt) {
  const std::string locked = authority_.directory() / "locked.key";
  const std::string command = "openssl pkey -aes128 -passout pass:secret -in " +
                              files_.key.path + " -out " + locked;
  ASSERT_EQ(std::system(command.c_str()), 0);
  files_.key.path = locked;
  EXPECT_THAT(WhyNot(files_), HasSubstr("no private key in PEM without a"));
}

TEST_F(TlsFilesTest, RefusesWhatIsHalfWritten) {
  const std::string whole = ReadAll(files_.cert.path);
  WriteAll(files_.cert.path, whole.substr(0, whole.size() / 2));
  EXPECT_THAT(WhyNot(files_),
              AllOf(StartsWith("--cert: "), HasSubstr("holds no certificate")));
  // The first is whole, the second is not.
  WriteAll(files_.cert.path, whole + whole.substr(0, whole.size() / 2));
  EXPECT_THAT(WhyNot(files_), HasSubstr("holds no certificate"));
  WriteAll(files_.cert.path, "");
  EXPECT_THAT(WhyNot(files_), HasSubstr("holds no certificate"));
}

TEST_F(TlsFilesTest, RefusesWhatHasExpired) {
  authority_.Make("--expired old");
  EXPECT_THAT(WhyNot(authority_.Files("old")),
              AllOf(StartsWith("--cert: "), HasSubstr(" has expired, on 20")));
  // Among authorities an old one does no harm, unless there is no other.
  const std::string old = ReadAll(authority_.Files("old").cert.path);
  const std::string roots = authority_.directory() / "roots.pem";
  WriteAll(roots, old + ReadAll(files_.ca.path));
  files_.ca.path = roots;
  EXPECT_EQ(WhyNot(files_), "");
  WriteAll(roots, old);
  EXPECT_THAT(WhyNot(files_),
              AllOf(StartsWith("--ca: "), HasSubstr(" has expired, on 20")));
}

TEST_F(TlsFilesTest, WantsACertificateAndItsKeyTogether) {
  files_.key.path.clear();
  EXPECT_EQ(WhyNot(files_), "--cert: needs --key");
  files_ = authority_.Files("a");
  files_.cert.path.clear();
  EXPECT_EQ(WhyNot(files_), "--key: needs --cert");
}

}  // namespace
}  // namespace gather::ops
