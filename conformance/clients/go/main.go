// Drives the unchanged Microsoft Graph SDK for Go, and azidentity, against a Linkspan on this machine.
//
//	drive --base-url https://localhost:7743/v1.0 --authority https://localhost:7743 --ca ca.pem \
//	    --tenant GUID --client-id ID --client-secret SECRET --user UPN --password WORD --grant-user OBJECT-ID \
//	    --other-user UPN --other-password WORD --other-id OBJECT-ID
//	HTTPS_PROXY=http://127.0.0.1:7788 drive --default-urls --ca ca.pem --tenant GUID …
//
// With --default-urls neither the SDK nor azidentity is told another address than Microsoft's, as in a program that is
// not to be changed: the proxy, Linkspan's CONNECT listener, leads them here. The SDK compresses the body of every
// request. Both users sign in with azidentity by password. The CA is trusted through SSL_CERT_FILE, which Go reads on
// Linux but not on macOS. The last line is `N passed, M failed`; the exit code is 0 only if something passed and nothing
// failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	graph "github.com/microsoftgraph/msgraph-sdk-go"
)

var (
	baseURL      = flag.String("base-url", "", "the Graph's address; needed without --default-urls")
	authority    = flag.String("authority", "", "where to sign in; needed without --default-urls")
	defaultURLs  = flag.Bool("default-urls", false, "leave the URLs alone; HTTPS_PROXY leads here")
	ca           = needed("ca")
	tenant       = needed("tenant")
	clientID     = needed("client-id")
	clientSecret = needed("client-secret")
	user         = needed("user")
	password     = needed("password")
	userID       = needed("grant-user")
	otherUser    = needed("other-user")
	otherWord    = needed("other-password")
	otherID      = needed("other-id")
	wait         = flag.Duration("wait", 30*time.Second, "how long to wait for a schema or for search")
	connectionID = flag.String("connection-id", fmt.Sprintf("go%d", time.Now().UnixNano()), "what to call the connection")

	ctx    = context.Background()
	scopes = []string{"https://graph.microsoft.com/.default"}
)

func needed(name string) *string {
	return flag.String(name, "", "needed")
}

func main() {
	flag.Parse()
	if err := validate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	// Go reads it when it checks its first certificate.
	os.Setenv("SSL_CERT_FILE", *ca)
	check := &checks{}
	if err := drive(check); err != nil {
		check.that("the drive comes to its end", false, told(err))
	}
	fmt.Printf("%d passed, %d failed\n", check.passed, check.failed)
	if check.failed > 0 || check.passed == 0 {
		os.Exit(1)
	}
}

func validate() error {
	if *defaultURLs == (*baseURL != "" || *authority != "") || (*baseURL == "") != (*authority == "") {
		return errors.New("give either --base-url and --authority, or --default-urls")
	}
	if *defaultURLs && !strings.HasPrefix(os.Getenv("HTTPS_PROXY"), "http://127.0.0.1:") {
		// Without it the requests would leave this machine.
		return errors.New("--default-urls needs HTTPS_PROXY=http://127.0.0.1:PORT in the environment")
	}
	var missing []string
	flag.VisitAll(func(one *flag.Flag) {
		if one.Usage == "needed" && one.Value.String() == "" {
			missing = append(missing, "--"+one.Name)
		}
	})
	if missing != nil {
		return fmt.Errorf("missing: %s", strings.Join(missing, ", "))
	}
	return nil
}

// drive runs every check in the order of a connection's life.
func drive(check *checks) error {
	app, err := signIn(check)
	if err != nil {
		return err
	}
	connection := app.External().Connections().ByExternalConnectionId(*connectionID)
	connections(check, app, connection)
	if err := schema(check, connection); err != nil {
		return err
	}
	groups(check, connection)
	items(check, connection)
	if err := search(check, connection); err != nil {
		return err
	}
	endings(check, connection)
	return nil
}

func signIn(check *checks) (*graph.GraphServiceClient, error) {
	credential, err := appCredential(*clientSecret)
	if err != nil {
		return nil, err
	}
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: scopes})
	check.answer("a token for the app", err, func() bool {
		return strings.Count(token.Token, ".") == 2 && time.Until(token.ExpiresOn) > time.Minute
	})
	wrong, err := appCredential("not the secret")
	if err != nil {
		return nil, err
	}
	_, err = wrong.GetToken(ctx, policy.TokenRequestOptions{Scopes: scopes})
	var refused *azidentity.AuthenticationFailedError
	check.that("a wrong secret is refused", errors.As(err, &refused) && strings.Contains(err.Error(), "AADSTS7000215"), err)
	return client(credential)
}

func appCredential(secret string) (azcore.TokenCredential, error) {
	return azidentity.NewClientSecretCredential(*tenant, *clientID, secret, &azidentity.ClientSecretCredentialOptions{
		ClientOptions: signInAt(), DisableInstanceDiscovery: !*defaultURLs,
	})
}

// userClient asks as a user who signed in with a password.
func userClient(upn, word string) (*graph.GraphServiceClient, error) {
	options := &azidentity.UsernamePasswordCredentialOptions{
		ClientOptions: signInAt(), DisableInstanceDiscovery: !*defaultURLs,
	}
	credential, err := azidentity.NewUsernamePasswordCredential(*tenant, *clientID, upn, word, options)
	if err != nil {
		return nil, err
	}
	return client(credential)
}

func signInAt() azcore.ClientOptions {
	if *defaultURLs {
		return azcore.ClientOptions{}
	}
	return azcore.ClientOptions{Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: *authority + "/"}}
}

func client(credential azcore.TokenCredential) (*graph.GraphServiceClient, error) {
	if *defaultURLs {
		return graph.NewGraphServiceClientWithCredentials(credential, scopes)
	}
	at, err := url.Parse(*baseURL)
	if err != nil {
		return nil, err
	}
	client, err := graph.NewGraphServiceClientWithCredentialsAndHosts(credential, scopes, []string{at.Hostname()})
	if err != nil {
		return nil, err
	}
	client.GetAdapter().SetBaseUrl(*baseURL)
	return client, nil
}
