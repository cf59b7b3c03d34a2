#ifndef STAY_FAKE_LODGING_H_
#define STAY_FAKE_LODGING_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "lodging/backends.grpc.pb.h"

namespace stay {

// All five backends behind one port, each of which can be told to fail or to
// hang until its caller gives up.
class FakeLodging final {
 public:
  static constexpr int kReviews = 20000;

  // How one backend meets its calls.
  struct Manner {
    std::atomic<grpc::StatusCode> code{grpc::StatusCode::OK};
    std::atomic<bool> hangs{false};
    std::atomic<int> calls{0};
  };

  FakeLodging() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&hotels_);
    builder.RegisterService(&inventory_);
    builder.RegisterService(&archive_);
    builder.RegisterService(&weathers_);
    builder.RegisterService(&offer_desk_);
    server_ = builder.BuildAndStart();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  Manner hotel, rooms, reviews, weather, offers;

 private:
  static grpc::Status Meet(Manner& manner, grpc::ServerContext* context) {
    ++manner.calls;
    while (manner.hangs && !context->IsCancelled()) {
      gpr_sleep_until(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                   gpr_time_from_millis(5, GPR_TIMESPAN)));
    }
    return {manner.code, "a fault to order"};
  }

  struct Hotels final : lodging::HotelDirectory::Service {
    explicit Hotels(FakeLodging* all) : all(all) {}
    grpc::Status Fetch(grpc::ServerContext* context,
                       const lodging::HotelQuery* query,
                       lodging::Hotel* hotel) override {
      hotel->set_code(query->code());
      hotel->set_name("Grand Budapest");
      hotel->set_city("Nebelsbad");
      return Meet(all->hotel, context);
    }
    FakeLodging* all;
  };
  struct Inventory final : lodging::Inventory::Service {
    explicit Inventory(FakeLodging* all) : all(all) {}
    grpc::Status FreeRooms(grpc::ServerContext* context,
                           const lodging::RoomQuery* query,
                           lodging::RoomList* list) override {
      list->set_hotel_code(query->hotel_code());
      list->add_rooms()->set_name("The Suite");
      return Meet(all->rooms, context);
    }
    FakeLodging* all;
  };
  struct Archive final : lodging::ReviewArchive::Service {
    explicit Archive(FakeLodging* all) : all(all) {}
    grpc::Status Search(grpc::ServerContext* context,
                        const lodging::ReviewQuery* query,
                        lodging::ReviewPage* page) override {
      for (int i = 0; i < kReviews; ++i) {
        page->add_reviews()->set_text("Fine, if one likes elevators.");
      }
      page->set_total_size(kReviews);
      page->set_about(query->about());
      return Meet(all->reviews, context);
    }
    FakeLodging* all;
  };
  struct Weathers final : lodging::Weather::Service {
    explicit Weathers(FakeLodging* all) : all(all) {}
    grpc::Status Forecast(grpc::ServerContext* context,
                          const lodging::Place* place,
                          lodging::Outlook* outlook) override {
      outlook->set_words("snow in " + place->name());
      return Meet(all->weather, context);
    }
    FakeLodging* all;
  };
  struct OfferDesk final : lodging::Offers::Service {
    explicit OfferDesk(FakeLodging* all) : all(all) {}
    grpc::Status Find(grpc::ServerContext* context, const lodging::OfferQuery*,
                      lodging::OfferList* list) override {
      list->add_offers()->set_title("Two nights for three");
      return Meet(all->offers, context);
    }
    FakeLodging* all;
  };

  Hotels hotels_{this};
  Inventory inventory_{this};
  Archive archive_{this};
  Weathers weathers_{this};
  OfferDesk offer_desk_{this};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace stay

#endif  // STAY_FAKE_LODGING_H_
