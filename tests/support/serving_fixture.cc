#include "tests/support/serving_fixture.h"

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "absl/strings/str_cat.h"

namespace gather::testing {
namespace {

void SetTimeout(grpc::ClientContext& context, ServingFixture::Timeout timeout) {
  if (!timeout) return;
  context.set_deadline(std::chrono::system_clock::now() + *timeout);
}

async::Task<grpc::Status> Succeed() { co_return grpc::Status::OK; }

}  // namespace

ServingFixture::ServingFixture()
    : get_user([](rpc::ServerCall&, const GetUserRequest&, GetUserResponse*) {
        return Succeed();
      }),
      stream([](rpc::ServerCall&, const StreamRequest&, StreamWriter&) {
        return Succeed();
      }) {}

void ServingFixture::Start() {
  options.observer = &ends;
  server_ = std::make_unique<rpc::Server>(options);
  server_->AddUnary("gather.user.v1.UserService/GetUser", user_service_,
                    &user::v1::UserService::AsyncService::RequestGetUser,
                    get_user);
  server_->AddStream(
      "gather.aggregator.v1.AggregatorService/StreamOverview", stream_service_,
      &aggregator::v1::AggregatorService::AsyncService::RequestStreamOverview,
      stream);
  const absl::Status started = server_->Start();
  ASSERT_TRUE(started.ok()) << started;
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Or windows would grow as data comes in, whether it is read or not.
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto channel =
      grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()),
                                grpc::InsecureChannelCredentials(), args);
  users_ = user::v1::UserService::NewStub(channel);
  streams_ = aggregator::v1::AggregatorService::NewStub(channel);
}

grpc::Status ServingFixture::GetUser(Timeout timeout) {
  grpc::ClientContext context;
  SetTimeout(context, timeout);
  GetUserResponse response;
  return users_->GetUser(&context, {}, &response);
}

uint64_t ServingFixture::Handled(grpc::StatusCode code) const {
  return server_->stats().methods.front().calls.handled[code];
}

PendingGetUser::PendingGetUser(ServingFixture& fixture,
                               ServingFixture::Timeout timeout) {
  SetTimeout(context_, timeout);
  fixture.users().async()->GetUser(&context_, &request_, &response_,
                                   [this](grpc::Status status) {
                                     status_ = std::move(status);
                                     done_.Open();
                                   });
}

PendingGetUser::~PendingGetUser() {
  Cancel();
  Await();
}

const grpc::Status& PendingGetUser::Await() {
  EXPECT_TRUE(done_.Wait()) << "GetUser did not end";
  return status_;
}

}  // namespace gather::testing
