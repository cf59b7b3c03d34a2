#include "server/ops/tls/certificates.h"

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/ops/grpc_workarounds/memory_file.h"
#include "tests/support/certificates.h"

namespace gather::ops {
namespace {

using ::gather::testing::ReadAll;
using ::gather::testing::TestAuthority;
using ::gather::testing::WriteAll;
using ::testing::HasSubstr;
using ::testing::StartsWith;

long ModifiedAt(const std::string& path) {
  struct stat found{};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mtime;
}

TEST(MemoryFileTest, HasNoPathBeforeItIsWritten) {
  EXPECT_EQ(MemoryFile().path(), "");
}

TEST(MemoryFileTest, ChangesAtOnceAndGetsANewTime) {
  MemoryFile file;
  ASSERT_TRUE(file.Write("first").ok());
  const std::string path = file.path();
  const long first = ModifiedAt(path);
  std::ifstream opened(path);

  ASSERT_TRUE(file.Write(std::string(100'000, 'x')).ok());
  EXPECT_EQ(file.path(), path);
  EXPECT_EQ(ReadAll(path), std::string(100'000, 'x'));
  EXPECT_GT(ModifiedAt(path), first);
  // Who has it open goes on reading what it opened.
  std::string old;
  opened >> old;
  EXPECT_EQ(old, "first");
}

class CertificatesTest : public ::testing::Test {
 protected:
  CertificatesTest() {
    auto loaded = Certificates::Load(files_);
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    certificates_ = *std::move(loaded);
  }

  void ReplaceBy(const std::string& name) {
    const TlsFiles files = authority_.Files(name);
    WriteAll(files_.cert.path, ReadAll(files.cert.path));
    WriteAll(files_.key.path, ReadAll(files.key.path));
  }

  bool Refreshed() {
    const auto changed = certificates_->Refresh();
    EXPECT_TRUE(changed.ok()) << changed.status();
    return changed.ok() && *changed;
  }

  std::string Identity() const {
    return ReadAll(certificates_->identity_path());
  }

  TestAuthority authority_{"a b"};
  const TlsFiles files_ = authority_.Files("a");
  std::shared_ptr<Certificates> certificates_;
};

TEST_F(CertificatesTest, GivesKeyAndCertificateInOneFile) {
  EXPECT_EQ(Identity(),
            ReadAll(files_.key.path) + "\n" + ReadAll(files_.cert.path));
  EXPECT_EQ(ReadAll(certificates_->roots_path()), ReadAll(files_.ca.path));
}

TEST_F(CertificatesTest, TakesUpWhatWasReadTwice) {
  EXPECT_FALSE(Refreshed());
  ReplaceBy("b");
  EXPECT_FALSE(Refreshed());
  EXPECT_TRUE(Refreshed());
  EXPECT_FALSE(Refreshed());
  EXPECT_THAT(Identity(), HasSubstr(ReadAll(authority_.Files("b").cert.path)));
  EXPECT_THAT(Identity(), StartsWith(ReadAll(authority_.Files("b").key.path)));
}

TEST_F(CertificatesTest, KeepsWhatItHasUntilThePairIsWhole) {
  const std::string before = Identity();
  WriteAll(files_.cert.path, ReadAll(authority_.Files("b").cert.path));
  for (int i = 0; i < 3; ++i) {
    const auto changed = certificates_->Refresh();
    ASSERT_FALSE(changed.ok());
    EXPECT_THAT(std::string(changed.status().message()),
                HasSubstr("does not fit"));
    EXPECT_EQ(Identity(), before);
  }
  ReplaceBy("b");
  EXPECT_FALSE(Refreshed());
  EXPECT_TRUE(Refreshed());
}

TEST_F(CertificatesTest, KeepsWhatItHasWhereAFileGoes) {
  const std::string before = Identity();
  std::filesystem::remove(files_.ca.path);
  EXPECT_FALSE(certificates_->Refresh().ok());
  EXPECT_EQ(Identity(), before);
  EXPECT_NE(ReadAll(certificates_->roots_path()), "");
}

TEST_F(CertificatesTest, AuthoritiesChangeAlone) {
  const std::string before = Identity();
  const std::string roots =
      ReadAll(files_.ca.path) + ReadAll(authority_.Files("b").cert.path);
  WriteAll(files_.ca.path, roots);
  EXPECT_FALSE(Refreshed());
  EXPECT_TRUE(Refreshed());
  EXPECT_EQ(ReadAll(certificates_->roots_path()), roots);
  EXPECT_EQ(Identity(), before);
}

TEST_F(CertificatesTest, OfAClientAreOneOrThreeFiles) {
  const auto none = LoadClientCertificates("x_tls", {});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, nullptr);
  const auto one = LoadClientCertificates("x_tls", {files_.ca.path});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ((*one)->identity_path(), "");
  const auto three = LoadClientCertificates(
      "x_tls", {files_.ca.path, files_.cert.path, files_.key.path});
  ASSERT_TRUE(three.ok());
  EXPECT_EQ(ReadAll((*three)->identity_path()), Identity());
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"a", "b"}, {"a", "", "c"}, {""}}) {
    const auto loaded = LoadClientCertificates("x_tls", wrong);
    ASSERT_FALSE(loaded.ok());
    EXPECT_THAT(std::string(loaded.status().message()),
                StartsWith("--x_tls: must be CA or CA,CERT,KEY"));
  }
}

TEST_F(CertificatesTest, ExpiryIsAMetric) {
  Logger logger({});
  const CertificateWatcher watcher({nullptr, certificates_}, logger);
  MetricFamilies families;
  watcher.AddFamilies(families);
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].name, "gather_certificate_expiry_timestamp_seconds");
  ASSERT_EQ(families[0].metric.size(), 1U);
  EXPECT_EQ(families[0].metric[0].gauge.value,
            static_cast<double>(
                absl::ToUnixSeconds(certificates_->material().expiry)));
}

TEST(CertificateWatcherTest, WithoutACertificateThereIsNoExpiry) {
  Logger logger({});
  const CertificateWatcher watcher({nullptr}, logger);
  MetricFamilies families;
  watcher.AddFamilies(families);
  EXPECT_TRUE(families.empty());
}

}  // namespace
}  // namespace gather::ops
