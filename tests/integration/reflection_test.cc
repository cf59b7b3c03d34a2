// A server tells grpcurl and the like of its services, by either version of the
// protocol, and streams that stand are no burden.

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/async/clock.h"
#include "tests/support/serving_fixture.h"

namespace gather::testing {
namespace {

using namespace std::chrono_literals;
using async::Clock;
using ::testing::ElementsAre;

struct V1 {
  using Service = grpc::reflection::v1::ServerReflection;
  using Request = grpc::reflection::v1::ServerReflectionRequest;
  using Response = grpc::reflection::v1::ServerReflectionResponse;
};
struct V1Alpha {
  using Service = grpc::reflection::v1alpha::ServerReflection;
  using Request = grpc::reflection::v1alpha::ServerReflectionRequest;
  using Response = grpc::reflection::v1alpha::ServerReflectionResponse;
};

template <typename Version>
class ReflectionTest : public ::testing::Test, public ServingFixture {
 protected:
  using Request = typename Version::Request;
  using Response = typename Version::Response;
  using Stream = grpc::ClientReaderWriter<Request, Response>;

  std::unique_ptr<Stream> Open(grpc::ClientContext& context) {
    if (stub_ == nullptr) {
      stub_ = Version::Service::NewStub(
          grpc::CreateChannel(absl::StrCat("127.0.0.1:", server().port()),
                              grpc::InsecureChannelCredentials()));
    }
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    return stub_->ServerReflectionInfo(&context);
  }

  // What a stream with this one answers to a request.
  Response Ask(Stream& open, const Request& request) {
    Response response;
    EXPECT_TRUE(open.Write(request));
    EXPECT_TRUE(open.Read(&response));
    return response;
  }

 private:
  std::unique_ptr<typename Version::Service::Stub> stub_;
};

using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionTest, Versions);

TYPED_TEST(ReflectionTest, AnswersEachRequestOfAStream) {
  this->Start();
  grpc::ClientContext context;
  const auto call = this->Open(context);
  typename TypeParam::Request request;
  request.set_list_services("");
  std::vector<std::string> names;
  const auto list = this->Ask(*call, request).list_services_response();
  for (const auto& service : list.service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names,
              ElementsAre("gather.aggregator.v1.AggregatorService",
                          "gather.user.v1.UserService", "grpc.health.v1.Health",
                          "grpc.reflection.v1.ServerReflection",
                          "grpc.reflection.v1alpha.ServerReflection"));

  request.set_file_containing_symbol("gather.user.v1.UserService");
  EXPECT_GE(this->Ask(*call, request)
                .file_descriptor_response()
                .file_descriptor_proto_size(),
            2);  // it has imports

  request.set_file_containing_symbol("no.Such");
  EXPECT_EQ(this->Ask(*call, request).error_response().error_code(),
            grpc::StatusCode::NOT_FOUND);

  call->WritesDone();
  EXPECT_TRUE(call->Finish().ok());
}

TYPED_TEST(ReflectionTest, StreamThatAsksNothingEnds) {
  this->options.send_timeout = 100ms;
  this->Start();
  grpc::ClientContext context;
  EXPECT_EQ(this->Open(context)->Finish().error_code(),
            grpc::StatusCode::CANCELLED);
}

TYPED_TEST(ReflectionTest, StreamThatStandsHoldsUpNoDrain) {
  this->Start();
  grpc::ClientContext context;
  const auto call = this->Open(context);
  typename TypeParam::Request request;
  request.set_list_services("");
  this->Ask(*call, request);
  const Clock::time_point start = Clock::now();
  this->server().Drain(start + 2 * kPatience);
  EXPECT_LT(Clock::now() - start, kPatience);
  EXPECT_FALSE(call->Finish().ok());
}

}  // namespace
}  // namespace gather::testing
