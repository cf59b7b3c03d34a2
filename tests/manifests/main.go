// Checks Kubernetes manifests, which it reads from standard input, against the
// types of Kubernetes' own API: an unknown kind, an unknown field, a field twice
// or a value of the wrong type is an error.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	decoder := serializer.NewCodecFactory(
		scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(os.Stdin))
	count, failed := 0, false
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			_, _, err = decoder.Decode(document, nil, nil)
		}
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "document %d: %v\n", count+1, err)
		}
		count++
	}
	if failed || count == 0 {
		os.Exit(1)
	}
	fmt.Printf("%d manifests are good\n", count)
}
