#ifndef GATHER_SERVER_FANOUT_REUSE_REPLY_KEY_H_
#define GATHER_SERVER_FANOUT_REUSE_REPLY_KEY_H_

#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/message_lite.h"
#include "server/rpc/server_call.h"

namespace gather::fanout {

// Who may have whose reply: those who ask the same, in the name of the same
// caller. A key is the bytes of the request, and of all the metadata that is
// forwarded with it: nobody gets a reply that was made for somebody else's
// credentials. Kept whole, and not as a hash of it.
//
// Equal messages that are written differently, with unknown fields in another
// order, have different keys: that costs a call, and no more.
//
// Thread: one.
class ReplyKey {
 public:
  // What `caller` sent under the keys that are forwarded.
  ReplyKey(const rpc::ServerCall& caller,
           const std::vector<std::string>& forwarded_keys);

  void Add(const google::protobuf::MessageLite& request);
  // Of a section that takes several calls: all of them.
  template <typename Request>
  void Add(const std::vector<Request>& requests) {
    for (const Request& request : requests) Add(request);
  }

  std::string Take() && { return std::move(key_); }

 private:
  std::string key_;
};

}  // namespace gather::fanout

#endif  // GATHER_SERVER_FANOUT_REUSE_REPLY_KEY_H_
