package main

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	kiota "github.com/microsoft/kiota-abstractions-go"
	nethttp "github.com/microsoft/kiota-http-go"
	graph "github.com/microsoftgraph/msgraph-sdk-go"
	"github.com/microsoftgraph/msgraph-sdk-go/external"
	"github.com/microsoftgraph/msgraph-sdk-go/models/externalconnectors"
)

type connectionAt = *external.ConnectionsExternalConnectionItemRequestBuilder

const pattern = "/wiki/(?<page>[^/]+)"

// properties are the schema's names and types: every type there is.
var properties = map[string]externalconnectors.PropertyType{
	"title":     externalconnectors.STRING_PROPERTYTYPE,
	"url":       externalconnectors.STRING_PROPERTYTYPE,
	"excerpt":   externalconnectors.STRING_PROPERTYTYPE,
	"changed":   externalconnectors.DATETIME_PROPERTYTYPE,
	"priority":  externalconnectors.INT64_PROPERTYTYPE,
	"score":     externalconnectors.DOUBLE_PROPERTYTYPE,
	"published": externalconnectors.BOOLEAN_PROPERTYTYPE,
	"tags":      externalconnectors.STRINGCOLLECTION_PROPERTYTYPE,
	"sizes":     externalconnectors.INT64COLLECTION_PROPERTYTYPE,
	"weights":   externalconnectors.DOUBLECOLLECTION_PROPERTYTYPE,
	"visits":    externalconnectors.DATETIMECOLLECTION_PROPERTYTYPE,
}

var labels = map[string]externalconnectors.Label{
	"title":   externalconnectors.TITLE_LABEL,
	"url":     externalconnectors.URL_LABEL,
	"changed": externalconnectors.LASTMODIFIEDDATETIME_LABEL,
}

func connections(check *checks, app *graph.GraphServiceClient, connection connectionAt) {
	_, err := connection.Get(ctx, nil)
	check.refusal("an unknown connection is 404", err, 404)
	all := app.External().Connections()
	made, err := all.Post(ctx, wiki(), nil)
	check.answer("create a connection", err, func() bool {
		apps := made.GetConfiguration().GetAuthorizedAppIds()
		return *made.GetId() == *connectionID && *made.GetName() == "Wiki" &&
			*made.GetState() == externalconnectors.DRAFT_CONNECTIONSTATE && slices.Contains(apps, *clientID)
	})
	_, err = all.Post(ctx, wiki(), nil)
	check.refusal("its id is taken: 409", err, 409)
	page, err := all.Get(ctx, nil)
	check.answer("the list has it", err, func() bool {
		return slices.ContainsFunc(page.GetValue(), func(one externalconnectors.ExternalConnectionable) bool {
			return *one.GetId() == *connectionID && *one.GetName() == "Wiki"
		})
	})
	kept, err := connection.Get(ctx, nil)
	check.answer("the resolver of URLs is kept", err, func() bool { return resolves(kept) })
	changed := externalconnectors.NewExternalConnection()
	changed.SetDescription(to("All pages"))
	_, err = connection.Patch(ctx, changed, nil)
	check.done("change its description", err)
	kept, err = connection.Get(ctx, nil)
	check.answer("only the description changed", err, func() bool {
		return *kept.GetName() == "Wiki" && *kept.GetDescription() == "All pages" && resolves(kept)
	})
}

func wiki() externalconnectors.ExternalConnectionable {
	match := externalconnectors.NewUrlMatchInfo()
	match.SetBaseUrls([]string{"https://contoso.test"})
	match.SetUrlPattern(to(pattern))
	resolver := externalconnectors.NewItemIdResolver()
	resolver.SetPriority(to(int32(1)))
	resolver.SetItemId(to("{page}"))
	resolver.SetUrlMatchInfo(match)
	settings := externalconnectors.NewActivitySettings()
	settings.SetUrlToItemResolvers([]externalconnectors.UrlToItemResolverBaseable{resolver})
	said := externalconnectors.NewExternalConnection()
	said.SetId(connectionID)
	said.SetName(to("Wiki"))
	said.SetDescription(to("Pages of the wiki"))
	said.SetActivitySettings(settings)
	return said
}

func resolves(kept externalconnectors.ExternalConnectionable) bool {
	resolver, is := kept.GetActivitySettings().GetUrlToItemResolvers()[0].(externalconnectors.ItemIdResolverable)
	return is && *resolver.GetItemId() == "{page}" && *resolver.GetUrlMatchInfo().GetUrlPattern() == pattern
}

func wantedSchema() externalconnectors.Schemaable {
	var said []externalconnectors.Propertyable
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property := externalconnectors.NewProperty()
		property.SetName(&name)
		property.SetTypeEscaped(to(properties[name]))
		property.SetIsRetrievable(to(true))
		if label, labelled := labels[name]; labelled {
			property.SetLabels([]externalconnectors.Label{label})
		}
		if name == "title" || name == "excerpt" {
			property.SetIsSearchable(to(true))
			property.SetIsQueryable(to(true))
		}
		said = append(said, property)
	}
	schema := externalconnectors.NewSchema()
	schema.SetBaseType(to("microsoft.graph.externalItem"))
	schema.SetProperties(said)
	return schema
}

func schema(check *checks, connection connectionAt) error {
	_, err := connection.Schema().Get(ctx, nil)
	check.refusal("no schema yet: 404", err, 404)
	seen := nethttp.NewHeadersInspectionOptions()
	seen.InspectResponseHeaders = true
	inspect := &external.ConnectionsItemSchemaRequestBuilderPatchRequestConfiguration{Options: []kiota.RequestOption{seen}}
	_, err = connection.Schema().Patch(ctx, wantedSchema(), inspect)
	check.done("register a schema", err)
	location := strings.Join(seen.ResponseHeaders.Get("Location"), "")
	at, err := url.Parse(location)
	if err != nil {
		return err
	}
	host := *baseURL
	if *defaultURLs {
		host = "https://graph.microsoft.com/v1.0"
	}
	own := strings.HasPrefix(location, host+"/external/connections/"+*connectionID+"/operations/")
	check.that("Location is an operation on the host that was asked", own, location)
	id := at.Path[strings.LastIndex(at.Path, "/")+1:]
	operation := connection.Operations().ByConnectionOperationId(id)
	status := func(seen externalconnectors.ConnectionOperationable) externalconnectors.ConnectionOperationStatus {
		return value(seen.GetStatus())
	}
	done, err := until(func() (externalconnectors.ConnectionOperationable, error) {
		return operation.Get(ctx, nil)
	}, func(seen externalconnectors.ConnectionOperationable) bool {
		return status(seen) != externalconnectors.INPROGRESS_CONNECTIONOPERATIONSTATUS
	})
	check.answer("the operation completes", err, func() bool {
		return status(done) == externalconnectors.COMPLETED_CONNECTIONOPERATIONSTATUS && done.GetError() == nil
	})
	done, err = operation.WithUrl(location).Get(ctx, nil)
	check.answer("Location itself can be followed", err, func() bool {
		return status(done) == externalconnectors.COMPLETED_CONNECTIONOPERATIONSTATUS
	})
	ready, err := connection.Get(ctx, nil)
	check.answer("the connection is ready", err, func() bool {
		return *ready.GetState() == externalconnectors.READY_CONNECTIONSTATE
	})
	kept, err := connection.Schema().Get(ctx, nil)
	check.answer("the schema comes back as it was said", err, func() bool { return isWanted(kept) })
	return nil
}

func isWanted(kept externalconnectors.Schemaable) bool {
	for _, one := range kept.GetProperties() {
		name := *one.GetName()
		label, labelled := labels[name]
		said := one.GetLabels()
		if properties[name] != *one.GetTypeEscaped() || labelled != (len(said) == 1 && said[0] == label) {
			return false
		}
	}
	return len(kept.GetProperties()) == len(properties)
}

func groups(check *checks, connection connectionAt) {
	said := externalconnectors.NewExternalGroup()
	said.SetId(to("wardens"))
	said.SetDisplayName(to("Wardens"))
	made, err := connection.Groups().Post(ctx, said, nil)
	check.answer("create a group", err, func() bool { return *made.GetId() == "wardens" })
	group := connection.Groups().ByExternalGroupId("wardens")
	changed := externalconnectors.NewExternalGroup()
	changed.SetDisplayName(to("All wardens"))
	_, err = group.Patch(ctx, changed, nil)
	check.done("change its name", err)
	kept, err := group.Get(ctx, nil)
	check.answer("get the group", err, func() bool { return *kept.GetDisplayName() == "All wardens" })
	member, err := group.Members().Post(ctx, identity(*userID), nil)
	check.answer("add a member", err, func() bool { return *member.GetId() == *userID })
}

func endings(check *checks, connection connectionAt) {
	group := connection.Groups().ByExternalGroupId("wardens")
	check.done("delete the group", group.Delete(ctx, nil))
	_, err := group.Get(ctx, nil)
	check.refusal("the group is gone", err, 404)
	item := connection.Items().ByExternalItemId("mine")
	check.done("delete an item", item.Delete(ctx, nil))
	_, err = item.Get(ctx, nil)
	check.refusal("the item is gone", err, 404)
	check.done("delete the connection", connection.Delete(ctx, nil))
	_, err = until(func() (bool, error) {
		_, err := connection.Get(ctx, nil)
		return err != nil, nil
	}, func(gone bool) bool { return gone })
	check.done("it goes", err)
	_, err = connection.Get(ctx, nil)
	check.refusal("the connection is gone", err, 404)
}
