#ifndef GATHER_SERVER_AGGREGATOR_BACKENDS_H_
#define GATHER_SERVER_AGGREGATOR_BACKENDS_H_

#include <grpcpp/channel.h>

#include <memory>

#include "server/aggregator/fetch.h"
#include "server/aggregator/sources.h"

namespace gather::aggregator {

// The ways to the three backends.
struct Channels {
  std::shared_ptr<grpc::Channel> user;
  std::shared_ptr<grpc::Channel> orders;
  std::shared_ptr<grpc::Channel> products;
};

// The same for one loop, with what the loop remembers of each.
struct Backends {
  explicit Backends(const Channels& channels)
      : user(channels.user),
        orders(channels.orders),
        products(channels.products) {}

  Backend<UserSource> user;
  Backend<OrdersSource> orders;
  Backend<ProductsSource> products;
};

}  // namespace gather::aggregator

#endif  // GATHER_SERVER_AGGREGATOR_BACKENDS_H_
