package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/microsoftgraph/msgraph-sdk-go/models/odataerrors"
)

// checks counts what holds, and prints each with what was found instead.
type checks struct {
	passed, failed int
}

func (c *checks) that(what string, holds bool, found any) {
	if holds {
		c.passed++
		fmt.Printf("ok    %s\n", what)
		return
	}
	c.failed++
	fmt.Printf("FAIL  %s: %.400s\n", what, fmt.Sprint(found))
}

// answer expects that the call succeeded and that its answer is as wanted. The SDK hands out pointers that may be nil:
// following one is a finding too.
func (c *checks) answer(what string, err error, holds func() bool) {
	if err != nil {
		c.that(what, false, told(err))
		return
	}
	defer func() {
		if missing := recover(); missing != nil {
			c.that(what, false, missing)
		}
	}()
	c.that(what, holds(), "the answer is not as wanted")
}

// done expects that a call without an answer succeeded.
func (c *checks) done(what string, err error) {
	c.answer(what, err, func() bool { return true })
}

// refusal expects this status, in a form that the SDK reads as an ODataError with code and message.
func (c *checks) refusal(what string, err error, status int) {
	var refused *odataerrors.ODataError
	if !errors.As(err, &refused) {
		c.that(what, false, fmt.Sprintf("was not refused, or not readably: %v", err))
		return
	}
	main := refused.GetErrorEscaped()
	speaks := main != nil && value(main.GetCode()) != "" && value(main.GetMessage()) != ""
	c.that(what, speaks && refused.ResponseStatusCode == status, told(err))
}

// told is an error with the code and the status that the SDK's own text leaves out.
func told(err error) string {
	var refused *odataerrors.ODataError
	if errors.As(err, &refused) && refused.GetErrorEscaped() != nil {
		main := refused.GetErrorEscaped()
		return fmt.Sprintf("%d %s: %s", refused.ResponseStatusCode, value(main.GetCode()), value(main.GetMessage()))
	}
	return err.Error()
}

// until asks until the answer is as wanted or the time is over; it hands back the last answer.
func until[T any](ask func() (T, error), holds func(T) bool) (T, error) {
	end := time.Now().Add(*wait)
	for {
		answer, err := ask()
		if (err == nil && holds(answer)) || time.Now().After(end) {
			return answer, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// to is a pointer to what was said, as the SDK takes it.
func to[T any](said T) *T {
	return &said
}

// value is what the SDK's pointer points to, or the empty value.
func value[T any](pointer *T) T {
	var empty T
	if pointer == nil {
		return empty
	}
	return *pointer
}
