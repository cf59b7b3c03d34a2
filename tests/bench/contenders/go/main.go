// The aggregator as it is written with grpc-go: a goroutine a call, and
// errgroup to wait for three.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	aggregatorpb "gather/bench/gen/gather/aggregator/v1"
	fanoutpb "gather/bench/gen/gather/fanout/v1"
	orderpb "gather/bench/gen/gather/order/v1"
	productpb "gather/bench/gen/gather/product/v1"
	userpb "gather/bench/gen/gather/user/v1"
)

var (
	listen         = flag.String("listen", "127.0.0.1:0", "address to serve on")
	portFile       = flag.String("port_file", "", "file to write the port to")
	userTarget     = flag.String("user_target", "", "where the user backend is")
	orderTarget    = flag.String("order_target", "", "where the order backend is")
	productTarget  = flag.String("product_target", "", "where the product backend is")
	sectionTimeout = flag.Duration("section_timeout", 3*time.Second, "of one section's call")
	totalTimeout   = flag.Duration("total_timeout", 5*time.Second, "of a request whose caller set no deadline")
)

// Kept of the caller's time for the answer.
const reserve = 100 * time.Millisecond

type server struct {
	aggregatorpb.UnimplementedAggregatorServiceServer
	user     userpb.UserServiceClient
	orders   orderpb.OrderServiceClient
	products productpb.ProductServiceClient
}

// sectionStatus tells how a section's call came out.
func sectionStatus(err error) *fanoutpb.SectionStatus {
	if err != nil {
		return &fanoutpb.SectionStatus{
			State:    fanoutpb.SectionState_SECTION_STATE_FAILED,
			Code:     int32(status.Code(err)),
			Reason:   "BACKEND_ERROR",
			Attempts: 1,
		}
	}
	return &fanoutpb.SectionStatus{
		State:    fanoutpb.SectionState_SECTION_STATE_OK,
		Attempts: 1,
	}
}

// GetOverview calls the three backends at the same time. A call that fails
// costs its own section and stops no other, so no goroutine returns an error.
func (s *server) GetOverview(ctx context.Context, request *aggregatorpb.GetOverviewRequest) (*aggregatorpb.GetOverviewResponse, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(*totalTimeout)
	}
	deadline = deadline.Add(-reserve)
	if section := time.Now().Add(*sectionTimeout); section.Before(deadline) {
		deadline = section
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()

	var (
		user                           *userpb.GetUserResponse
		orders                         *orderpb.ListOrdersResponse
		products                       *productpb.ListRecommendedProductsResponse
		userErr, ordersErr, productErr error
		group                          errgroup.Group
	)
	group.Go(func() error {
		user, userErr = s.user.GetUser(ctx, &userpb.GetUserRequest{UserId: request.UserId})
		return nil
	})
	group.Go(func() error {
		orders, ordersErr = s.orders.ListOrders(ctx, &orderpb.ListOrdersRequest{
			UserId: request.UserId, PageSize: request.OrderPageSize})
		return nil
	})
	group.Go(func() error {
		products, productErr = s.products.ListRecommendedProducts(ctx, &productpb.ListRecommendedProductsRequest{
			UserId: request.UserId, PageSize: request.ProductPageSize})
		return nil
	})
	_ = group.Wait()

	// The getters of a nil message give what is empty.
	return &aggregatorpb.GetOverviewResponse{
		User: &aggregatorpb.UserSection{
			Status: sectionStatus(userErr), User: user.GetUser()},
		Orders: &aggregatorpb.OrdersSection{
			Status: sectionStatus(ordersErr), Orders: orders.GetOrders(),
			NextPageToken: orders.GetNextPageToken(), TotalSize: orders.GetTotalSize()},
		Products: &aggregatorpb.ProductsSection{
			Status: sectionStatus(productErr), Products: products.GetProducts()},
		Complete: userErr == nil && ordersErr == nil && productErr == nil,
	}, nil
}

func connect(target string) *grpc.ClientConn {
	connection, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	return connection
}

// writePort writes aside and renames: a reader sees the whole number or no file.
func writePort(listener net.Listener) error {
	if *portFile == "" {
		return nil
	}
	port := fmt.Sprintln(listener.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(*portFile+".tmp", []byte(port), 0o644); err != nil {
		return err
	}
	return os.Rename(*portFile+".tmp", *portFile)
}

func main() {
	flag.Parse()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	s := grpc.NewServer()
	aggregatorpb.RegisterAggregatorServiceServer(s, &server{
		user:     userpb.NewUserServiceClient(connect(*userTarget)),
		orders:   orderpb.NewOrderServiceClient(connect(*orderTarget)),
		products: productpb.NewProductServiceClient(connect(*productTarget)),
	})
	if err := writePort(listener); err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		s.Stop()
	}()
	if err := s.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
