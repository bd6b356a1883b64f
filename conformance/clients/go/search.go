package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	graph "github.com/microsoftgraph/msgraph-sdk-go"
	"github.com/microsoftgraph/msgraph-sdk-go/models"
	graphsearch "github.com/microsoftgraph/msgraph-sdk-go/search"
)

// page is the one container of hits of an answer.
func page(client *graph.GraphServiceClient, text string, from, size int32, shown ...string) (models.SearchHitsContainerable, error) {
	query := models.NewSearchQuery()
	query.SetQueryString(&text)
	request := models.NewSearchRequest()
	request.SetEntityTypes([]models.EntityType{models.EXTERNALITEM_ENTITYTYPE})
	request.SetContentSources([]string{"/external/connections/" + *connectionID})
	request.SetQuery(query)
	request.SetFrom(&from)
	request.SetSize(&size)
	request.SetFields(shown)
	body := graphsearch.NewQueryPostRequestBody()
	body.SetRequests([]models.SearchRequestable{request})
	answer, err := client.Search().Query().PostAsQueryPostResponse(ctx, body, nil)
	if err != nil {
		return nil, err
	}
	if len(answer.GetValue()) != 1 || len(answer.GetValue()[0].GetHitsContainers()) != 1 {
		return nil, errors.New("an answer without its one container of hits")
	}
	return answer.GetValue()[0].GetHitsContainers()[0], nil
}

// fields are the properties of a hit's resource. The SDK cannot make an ExternalItem of it, whatever its type says: the
// package of its entities does not know the one of the external connectors, and keeps what it does not know as it came.
func fields(hit models.SearchHitable) map[string]any {
	said, _ := hit.GetResource().GetAdditionalData()["properties"].(map[string]any)
	return said
}

// found are the ids of the items found, whose place is the end of substrateContentDomainId.
func found(client *graph.GraphServiceClient, text string) ([]string, error) {
	hits, err := page(client, text, 0, 25, "substrateContentDomainId")
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, hit := range hits.GetHits() {
		named, _ := fields(hit)["substrateContentDomainId"].(*string)
		_, id, _ := strings.Cut(value(named), ",")
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func search(check *checks, connection connectionAt) error {
	one, err := userClient(*user, *password)
	if err != nil {
		return err
	}
	other, err := userClient(*otherUser, *otherWord)
	if err != nil {
		return err
	}
	finds := func(what string, client *graph.GraphServiceClient, text string, wanted ...string) {
		ids, err := found(client, text)
		check.that(what, err == nil && slices.Equal(ids, wanted), fmt.Sprint(ids, err))
	}
	_, err = until(func() ([]string, error) { return found(one, "saltmarsh") }, func(ids []string) bool { return len(ids) >= 3 })
	check.done("what was put is found", err)
	finds("the first user finds what the lists allow", one, "saltmarsh", "mine", "rich", "team")
	hits, err := page(one, "counted", 0, 10, "title", "tags")
	check.answer("an answer has totals", err, func() bool { return *hits.GetTotal() == 1 && !*hits.GetMoreResultsAvailable() })
	check.answer("a hit has rank, summary, source and the fields asked for", err, func() bool {
		hit := hits.GetHits()[0]
		return *hit.GetResource().GetOdataType() == "#microsoft.graph.externalConnectors.externalItem" &&
			*hit.GetRank() == 1 && strings.Contains(*hit.GetSummary(), "<c0>") && *hit.GetContentSource() != "" &&
			shows(fields(hit), map[string]any{"title": "Saltmarsh survey", "tags": []string{"birds", "coast"}})
	})
	first, err := page(one, "saltmarsh", 0, 2)
	check.answer("the first page says that there is more", err, func() bool {
		return len(first.GetHits()) == 2 && *first.GetTotal() == 3 && *first.GetMoreResultsAvailable()
	})
	second, err := page(one, "saltmarsh", 2, 2)
	check.answer("the second page is the rest", err, func() bool {
		return len(second.GetHits()) == 1 && !*second.GetMoreResultsAvailable() &&
			*first.GetHits()[0].GetHitId() != *second.GetHits()[0].GetHitId()
	})
	finds("a property is a restriction", one, "title:survey", "rich")
	finds("a word that is nowhere", one, "xyzzyplugh")
	finds("the second user finds something else", other, "saltmarsh", "denied", "rich")
	members := connection.Groups().ByExternalGroupId("wardens").Members()
	_, err = members.Post(ctx, identity(*otherID), nil)
	check.done("the second user joins", err)
	finds("and finds more at once", other, "saltmarsh", "denied", "rich", "team")
	check.done("the first user leaves", members.ByIdentityId(*userID).Delete(ctx, nil))
	finds("and finds less at once", one, "saltmarsh", "mine", "rich")
	return nil
}
