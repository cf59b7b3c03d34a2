#include "server/rpc/health.h"

#include <stop_token>
#include <utility>

#include "server/async/clock.h"
#include "server/async/event_loop.h"
#include "server/async/timer.h"

namespace gather::rpc {
namespace {

class RequestStop {
 public:
  explicit RequestStop(std::stop_source* source) : source_(source) {}
  void operator()() const { source_->request_stop(); }

 private:
  std::stop_source* source_;
};
using OnStop = std::stop_callback<RequestStop>;

// Until a stop is requested of one of them.
async::Task<> AwaitStop(async::EventLoop& loop, std::stop_token one,
                        std::stop_token other) {
  std::stop_source any;
  const OnStop on_one(std::move(one), RequestStop(&any));
  const OnStop on_other(std::move(other), RequestStop(&any));
  async::SleepUntil stopped(loop, async::Clock::time_point::max(),
                            any.get_token());
  (void)co_await stopped;
}

}  // namespace

Health::Response::ServingStatus Health::StatusOf(
    const std::string& service) const {
  if (services_.count(service) == 0) return Response::SERVICE_UNKNOWN;
  return not_serving_.stop_requested() ? Response::NOT_SERVING
                                       : Response::SERVING;
}

async::Task<grpc::Status> Health::Check(ServerCall&, const Request& request,
                                        Response* response) {
  const Response::ServingStatus status = StatusOf(request.service());
  if (status == Response::SERVICE_UNKNOWN) {
    co_return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such service");
  }
  response->set_status(status);
  co_return grpc::Status::OK;
}

async::Task<grpc::Status> Health::Watch(ServerCall& call,
                                        const Request& request,
                                        StreamWriter<Response>& writer) {
  const Admission::Ticket place = watches_.Enter();
  if (!place) {
    co_return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                           "too many watch already");
  }
  std::stop_source over;
  const OnStop on_end(end_.get_token(), RequestStop(&over));
  const OnStop on_gone(call.stop_token(), RequestStop(&over));
  while (!over.stop_requested()) {
    Response response;
    response.set_status(StatusOf(request.service()));
    const bool written = co_await writer.Write(response);
    if (!written) break;
    // It changes once, from SERVING.
    std::stop_token change = response.status() == Response::SERVING
                                 ? not_serving_.get_token()
                                 : std::stop_token();
    co_await AwaitStop(call.loop(), std::move(change), over.get_token());
  }
  co_return grpc::Status(grpc::StatusCode::UNAVAILABLE,
                         "the server shuts down");
}

}  // namespace gather::rpc
