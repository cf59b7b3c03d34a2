#ifndef GATHER_SERVER_RPC_WATCHED_READER_H_
#define GATHER_SERVER_RPC_WATCHED_READER_H_

#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <utility>

#include "server/async/clock.h"
#include "server/async/completion.h"

namespace gather::rpc {

// A unary call whose request is seen to go out. gRPC makes one operation of a
// unary call, whose tag comes at its end: a call that waited for a stream of
// its connection until its deadline looks like one that the server never
// answered. Made in parts, as a server's stream is read, the two differ. Costs
// two tags more.
//
//   WatchedReader<Reply> reader(stub.PrepareWatched(&context, request, queue));
//   reader.Start(&reply, &status, done);  // completes `done`, once
//
// What it ends with is what grpc::ClientAsyncResponseReader's Finish() would
// have given.
//
// Thread: the loop's. Lifetime: must outlive the completion of `done`.
template <typename Reply>
class WatchedReader {
 public:
  using Reader = grpc::ClientAsyncReader<grpc::ByteBuffer>;

  explicit WatchedReader(std::unique_ptr<Reader> reader)
      : reader_(std::move(reader)) {}
  WatchedReader(const WatchedReader&) = delete;
  WatchedReader& operator=(const WatchedReader&) = delete;

  void Start(Reply* reply, grpc::Status* status, async::Completion& done) {
    reply_ = reply;
    status_ = status;
    done_ = &done;
    for (Part* part : {&sent_, &read_, &finish_}) {
      part->set_activity(done.activity());
    }
    reader_->StartCall(sent_.tag());
    reader_->Read(&bytes_, read_.tag());
  }

  // When the request had gone out, from when the call had a stream.
  std::optional<async::Clock::time_point> sent_at() const { return sent_at_; }

 private:
  class Part final : public async::Completion {
   public:
    using Handler = void (WatchedReader::*)(bool);
    Part(WatchedReader& owner, Handler handler)
        : owner_(owner), handler_(handler) {}

   private:
    void Complete(bool ok) override { (owner_.*handler_)(ok); }

    WatchedReader& owner_;
    const Handler handler_;
  };

  void OnSent(bool ok) {
    if (ok) sent_at_ = async::Clock::now();
    EndPart();
  }

  void OnRead(bool ok) {
    got_message_ = ok;
    // Not before: both would ask for the initial metadata.
    reader_->Finish(status_, finish_.tag());
  }

  void OnFinish(bool) { EndPart(); }

  void EndPart() {
    if (--parts_left_ > 0) return;
    // A reply with no message in it is OK and empty, as in a unary call.
    const bool readable =
        !status_->ok() || !got_message_ ||
        grpc::SerializationTraits<Reply>::Deserialize(&bytes_, reply_).ok();
    done_->Complete(readable);
  }

  const std::unique_ptr<Reader> reader_;
  Reply* reply_ = nullptr;
  grpc::Status* status_ = nullptr;
  async::Completion* done_ = nullptr;
  grpc::ByteBuffer bytes_;
  Part sent_{*this, &WatchedReader::OnSent};
  Part read_{*this, &WatchedReader::OnRead};
  Part finish_{*this, &WatchedReader::OnFinish};
  std::optional<async::Clock::time_point> sent_at_;
  int parts_left_ = 2;  // the request's way out, and the answer
  bool got_message_ = false;
};

}  // namespace gather::rpc

#endif  // GATHER_SERVER_RPC_WATCHED_READER_H_
