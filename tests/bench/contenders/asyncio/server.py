#!/usr/bin/env python3
"""The aggregator as it is written with grpc.aio: one loop, gather of three."""

import argparse
import asyncio
import os
import signal
import sys

import grpc
from google.protobuf.message import Message

sys.path.insert(0, os.path.join(
    os.path.dirname(os.path.abspath(__file__)),
    "../../../../build/bench/asyncio"))
# The stubs that build.sh makes there.
# pylint: disable=wrong-import-position
from gather.aggregator.v1 import aggregator_pb2 as pb
from gather.aggregator.v1 import aggregator_pb2_grpc
from gather.fanout.v1 import fanout_pb2
from gather.order.v1 import order_pb2, order_pb2_grpc
from gather.product.v1 import product_pb2, product_pb2_grpc
from gather.user.v1 import user_pb2, user_pb2_grpc

RESERVE = 0.1  # seconds of the caller's time that are kept for the answer


def section_status(result: Message | BaseException) -> fanout_pb2.SectionStatus:
    if not isinstance(result, BaseException):
        return fanout_pb2.SectionStatus(state=fanout_pb2.SECTION_STATE_OK,
                                        attempts=1)
    code = grpc.StatusCode.UNKNOWN
    if isinstance(result, grpc.aio.AioRpcError):
        code = result.code()
    return fanout_pb2.SectionStatus(
        state=fanout_pb2.SECTION_STATE_FAILED, code=code.value[0],
        reason="BACKEND_ERROR", attempts=1)


class Aggregator(aggregator_pb2_grpc.AggregatorServiceServicer):
    def __init__(self, flags: argparse.Namespace) -> None:
        channel = grpc.aio.insecure_channel
        self.section_timeout: float = flags.section_timeout
        self.total_timeout: float = flags.total_timeout
        self.user = user_pb2_grpc.UserServiceStub(channel(flags.user_target))
        self.orders = order_pb2_grpc.OrderServiceStub(
            channel(flags.order_target))
        self.products = product_pb2_grpc.ProductServiceStub(
            channel(flags.product_target))

    async def GetOverview(self, request: pb.GetOverviewRequest,
                          context: grpc.aio.ServicerContext
                          ) -> pb.GetOverviewResponse:
        left = context.time_remaining() or self.total_timeout
        timeout = min(self.section_timeout, left - RESERVE)
        user, orders, products = await asyncio.gather(
            self.user.GetUser(
                user_pb2.GetUserRequest(user_id=request.user_id),
                timeout=timeout),
            self.orders.ListOrders(
                order_pb2.ListOrdersRequest(
                    user_id=request.user_id,
                    page_size=request.order_page_size), timeout=timeout),
            self.products.ListRecommendedProducts(
                product_pb2.ListRecommendedProductsRequest(
                    user_id=request.user_id,
                    page_size=request.product_page_size), timeout=timeout),
            return_exceptions=True)

        response = pb.GetOverviewResponse(complete=True)
        for section, result in ((response.user, user),
                                (response.orders, orders),
                                (response.products, products)):
            section.status.CopyFrom(section_status(result))
            if isinstance(result, BaseException):
                response.complete = False
        if not isinstance(user, BaseException):
            response.user.user.CopyFrom(user.user)
        if not isinstance(orders, BaseException):
            response.orders.orders.MergeFrom(orders.orders)
            response.orders.next_page_token = orders.next_page_token
            response.orders.total_size = orders.total_size
        if not isinstance(products, BaseException):
            response.products.products.MergeFrom(products.products)
        return response


def write_port(path: str, port: int) -> None:
    """Writes aside and renames: a reader sees the whole number or no file."""
    with open(path + ".tmp", "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.rename(path + ".tmp", path)


async def serve(flags: argparse.Namespace) -> None:
    server = grpc.aio.server()
    aggregator_pb2_grpc.add_AggregatorServiceServicer_to_server(
        Aggregator(flags), server)
    port = server.add_insecure_port(flags.listen)
    await server.start()
    if flags.port_file:
        write_port(flags.port_file, port)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await server.stop(grace=None)


def seconds(text: str) -> float:
    """Of a duration like 3s."""
    return float(text.removesuffix("s"))


def parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--port_file")
    parser.add_argument("--user_target", required=True)
    parser.add_argument("--order_target", required=True)
    parser.add_argument("--product_target", required=True)
    parser.add_argument("--section_timeout", type=seconds, default=3.0)
    parser.add_argument("--total_timeout", type=seconds, default=5.0)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(serve(parse_flags()))
