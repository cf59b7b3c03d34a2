// gatherctl's calls, against servers in this process.

#include <memory>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "client/command.h"
#include "client/flags.h"
#include "client/health.h"
#include "client/overview.h"
#include "client/watch.h"
#include "gather/aggregator/v1/aggregator.grpc.pb.h"
#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "tests/support/certificates.h"

ABSL_DECLARE_FLAG(std::string, tls_ca);
ABSL_DECLARE_FLAG(std::string, tls_cert);
ABSL_DECLARE_FLAG(std::string, tls_key);

namespace gather::client {
namespace {

using gather::aggregator::v1::AggregatorService;
using gather::aggregator::v1::GetOverviewRequest;
using gather::aggregator::v1::GetOverviewResponse;
using gather::aggregator::v1::StreamOverviewRequest;
using gather::aggregator::v1::StreamOverviewResponse;
using gather::testing::ReadAll;
using gather::testing::TestAuthority;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string error;
};

// An aggregator that answers what it is told to.
class Server : public AggregatorService::Service {
 public:
  explicit Server(const std::shared_ptr<grpc::ServerCredentials>& credentials) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  grpc::Status GetOverview(grpc::ServerContext*, const GetOverviewRequest*,
                           GetOverviewResponse* response) override {
    *response = answer;
    return grpc::Status::OK;
  }
  grpc::Status StreamOverview(
      grpc::ServerContext*, const StreamOverviewRequest*,
      grpc::ServerWriter<StreamOverviewResponse>* writer) override {
    writer->Write(part);
    StreamOverviewResponse end;
    end.mutable_summary()->set_complete(true);
    writer->Write(end);
    return grpc::Status::OK;
  }

  GetOverviewResponse answer;
  StreamOverviewResponse part;

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class CallTest : public ::testing::Test {
 protected:
  using Run = int (*)(const std::vector<std::string>&);

  static Outcome Call(const Server& server, Run run = RunOverview) {
    absl::SetFlag(&FLAGS_server, server.address());
    absl::SetFlag(&FLAGS_timeout, absl::Seconds(60));
    CaptureStdout();
    CaptureStderr();
    const int exit_code = run({"ada"});
    const std::string out = GetCapturedStdout();
    return {exit_code, out, GetCapturedStderr()};
  }

  static std::shared_ptr<grpc::ServerCredentials> Tls(
      const TestAuthority& authority, bool ask_for_certificate) {
    grpc::SslServerCredentialsOptions options(
        ask_for_certificate
            ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
            : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
    const ops::TlsFiles files = authority.Files("server");
    options.pem_root_certs = ReadAll(files.ca.path);
    options.pem_key_cert_pairs = {
        {ReadAll(files.key.path), ReadAll(files.cert.path)}};
    return grpc::SslServerCredentials(options);
  }

  static void UseTls(const ops::TlsFiles& files, bool certificate) {
    absl::SetFlag(&FLAGS_tls_ca, files.ca.path);
    if (!certificate) return;
    absl::SetFlag(&FLAGS_tls_cert, files.cert.path);
    absl::SetFlag(&FLAGS_tls_key, files.key.path);
  }

 private:
  const absl::FlagSaver saver_;
};

class PlaintextCallTest : public CallTest {
 protected:
  PlaintextCallTest() {
    server_.answer.mutable_user()->mutable_status()->set_state(
        fanout::v1::SECTION_STATE_OK);
    server_.answer.mutable_user()->mutable_user()->set_id("ada");
    server_.answer.set_complete(true);
  }

  Server server_{grpc::InsecureServerCredentials()};
};

TEST_F(PlaintextCallTest, TakesAnAnswerOfManyMegabytes) {
  server_.answer.mutable_user()->mutable_user()->set_display_name(
      std::string(20'000'000, 'x'));
  const Outcome outcome = Call(server_);
  EXPECT_EQ(outcome.exit_code, kComplete);
  EXPECT_EQ(outcome.error, "");
  EXPECT_LT(outcome.out.size(), 10'000u);
}

TEST_F(PlaintextCallTest, TextOfAnAnswerWithAMillionProductsIsAsShort) {
  auto& products = *server_.answer.mutable_products();
  products.mutable_status()->set_state(fanout::v1::SECTION_STATE_OK);
  for (int i = 0; i < 1'000'000; ++i) products.add_products();
  const Outcome outcome = Call(server_);
  EXPECT_EQ(outcome.exit_code, kComplete);
  EXPECT_THAT(outcome.out, HasSubstr("1000000 products"));
  EXPECT_LT(outcome.out.size(), 1000u);
}

TEST_F(PlaintextCallTest, JsonLacksOnlyTheFieldThatHasNone) {
  absl::SetFlag(&FLAGS_output, OutputFormat::kJson);
  server_.answer.mutable_user()
      ->mutable_user()
      ->mutable_create_time()
      ->set_nanos(-1);
  const Outcome outcome = Call(server_);
  EXPECT_EQ(outcome.exit_code, kComplete);
  EXPECT_THAT(outcome.out, HasSubstr("\"id\": \"ada\""));
  EXPECT_EQ(outcome.error,
            "gatherctl: not in the JSON: user.user.create_time (no JSON "
            "form)\n");
  server_.answer.set_complete(false);
  EXPECT_EQ(Call(server_).exit_code, kPartial);
}

TEST_F(PlaintextCallTest, JsonSaysThatASectionIsUnknown) {
  absl::SetFlag(&FLAGS_output, OutputFormat::kJson);
  gather::aggregator::v1::UserSection section = server_.answer.user();
  section.mutable_status()->set_attempts(1);
  for (google::protobuf::Message* message :
       {static_cast<google::protobuf::Message*>(&server_.answer),
        static_cast<google::protobuf::Message*>(&server_.part)}) {
    message->GetReflection()->MutableUnknownFields(message)->AddLengthDelimited(
        7, section.SerializeAsString());
  }
  for (const Run run : {RunOverview, RunWatch}) {
    const Outcome outcome = Call(server_, run);
    EXPECT_EQ(outcome.exit_code, kComplete);
    EXPECT_EQ(outcome.error,
              "gatherctl: not in the JSON: section 7 (unknown to this "
              "gatherctl)\n");
  }
  absl::SetFlag(&FLAGS_output, OutputFormat::kText);
  EXPECT_THAT(Call(server_, RunWatch).out,
              HasSubstr(" section 7 (unknown to this gatherctl) "));
}

TEST_F(CallTest, PlaintextToATlsServerAsksWhetherItIsOne) {
  const TestAuthority authority("server");
  const Server server(Tls(authority, false));
  for (const Run run : {RunOverview, RunWatch, RunHealth}) {
    const Outcome outcome = Call(server, run);
    EXPECT_EQ(outcome.exit_code, kFailed);
    EXPECT_THAT(outcome.error, HasSubstr("gatherctl: UNAVAILABLE: "));
    EXPECT_THAT(outcome.error,
                EndsWith(absl::StrCat("(", server.address(),
                                      "); is the server using TLS? see "
                                      "--tls_ca\n")));
  }
}

TEST_F(CallTest, TlsToAPlaintextServerSaysThatItMayBeOne) {
  const TestAuthority authority("server");
  const Server server(grpc::InsecureServerCredentials());
  UseTls(authority.Files("server"), false);
  EXPECT_THAT(Call(server).error,
              EndsWith("; the server may not be using TLS: leave out "
                       "--tls_ca\n"));
}

TEST_F(CallTest, MissingCertificateIsAskedFor) {
  const TestAuthority authority("server client");
  const Server server(Tls(authority, true));
  UseTls(authority.Files("client"), false);
  EXPECT_THAT(Call(server).error,
              EndsWith("; does the server ask for a certificate? see "
                       "--tls_cert\n"));
}

TEST_F(CallTest, OtherFailuresToConnectHaveNoHint) {
  const TestAuthority authority("server client");
  const TestAuthority other("server");
  const Server server(Tls(authority, false));
  UseTls(other.Files("server"), false);
  EXPECT_THAT(Call(server).error,
              EndsWith(absl::StrCat("(", server.address(), ")\n")));
}

}  // namespace
}  // namespace gather::client
