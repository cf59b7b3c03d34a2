#ifndef GATHER_CLIENT_SUMMARY_H_
#define GATHER_CLIENT_SUMMARY_H_

#include <string>

#include "gather/aggregator/v1/aggregator.pb.h"
#include "gather/fanout/v1/fanout.pb.h"
#include "google/protobuf/message.h"

namespace gather::client {

// What a section that arrived holds, in a few words. Backend text is in it as
// it came: escape before printing.

// Of any section: GenericSummary, or one of those below where its type has one.
// A section needs none; this is the one file of gatherctl that knows any by
// name.
std::string Summarize(const google::protobuf::Message& section);

// "Ada Lovelace, London, gold"
std::string Summarize(const gather::aggregator::v1::UserSection& section);

// "4 of 12 orders, latest Wok (EUR 39.00)"
std::string Summarize(const gather::aggregator::v1::OrdersSection& section);

// "10 products, best match Saffron"
std::string Summarize(const gather::aggregator::v1::ProductsSection& section);

// "5 products, 1 not sold any more"
std::string Summarize(const gather::aggregator::v1::PurchasesSection& section);

// Why a section failed: "BACKEND_TIMEOUT: The backend did not answer in time."
std::string SummarizeFailure(const fanout::v1::SectionStatus& status);

}  // namespace gather::client

#endif  // GATHER_CLIENT_SUMMARY_H_
