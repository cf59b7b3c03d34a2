// Command ghz-counted runs a config of ghz and counts what each answer was.
//
//	ghz-counted CONFIG TARGET >report.json
//
// To ghz an answer in which a section is missing is OK, and its own log of
// answers is thinned out to 100 a second. This is ghz with another log.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/bojand/ghz/printer"
	"github.com/bojand/ghz/runner"
	"github.com/jhump/protoreflect/dynamic"
)

// answers counts calls; it stands where ghz wants a logger.
type answers struct {
	mutex    sync.Mutex
	Complete int            `json:"complete"`
	Partial  int            `json:"partial"`
	Failed   int            `json:"failed"`
	Errors   map[string]int `json:"errors"`
}

func (a *answers) Debugw(message string, pairs ...interface{}) {
	if message != "Received response" {
		return
	}
	var response *dynamic.Message
	var failure error
	for i := 0; i+1 < len(pairs); i += 2 {
		switch pairs[i] {
		case "response":
			response, _ = pairs[i+1].(*dynamic.Message)
		case "error":
			failure, _ = pairs[i+1].(error)
		}
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	switch {
	case failure != nil:
		a.Failed++
		a.Errors[failure.Error()]++
	case response != nil && response.GetFieldByName("complete") == true:
		a.Complete++
	default:
		a.Partial++
	}
}

func (*answers) Debug(...interface{})          {}
func (*answers) Debugf(string, ...interface{}) {}
func (*answers) Error(...interface{})          {}
func (*answers) Errorf(string, ...interface{}) {}
func (*answers) Errorw(string, ...interface{}) {}

func run(path, target string) error {
	var config runner.Config
	if err := runner.LoadConfig(path, &config); err != nil {
		return err
	}
	counted := &answers{Errors: map[string]int{}}
	report, err := runner.Run(config.Call, target, runner.WithConfig(&config),
		runner.WithLogger(counted))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := (&printer.ReportPrinter{Report: report, Out: &text}).Print("json"); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"report": json.RawMessage(text.Bytes()), "answers": counted})
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: ghz-counted CONFIG TARGET")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "ghz-counted:", err)
		os.Exit(1)
	}
}
