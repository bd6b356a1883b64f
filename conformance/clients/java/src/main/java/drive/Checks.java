package drive;

import com.microsoft.graph.models.odataerrors.ODataError;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Counts what holds, and prints each with what was found instead. */
final class Checks {
    int passed;
    int failed;

    void that(String what, boolean holds, Object found) {
        if (holds) {
            passed++;
            System.out.println("ok    " + what);
        } else {
            failed++;
            var text = String.valueOf(found);
            System.out.println("FAIL  " + what + ": " + text.substring(0, Math.min(400, text.length())));
        }
    }

    /** The call succeeds, and its answer is as wanted; hands the answer on, or null. */
    <T> T answer(String what, Supplier<T> call, Predicate<T> holds) {
        try {
            var answer = call.get();
            that(what, holds.test(answer), "the answer is not as wanted: " + answer);
            return answer;
        } catch (RuntimeException error) { // Whatever goes wrong is the finding.
            that(what, false, told(error));
            return null;
        }
    }

    /** The call, which has no answer worth a look, succeeds. */
    void done(String what, Runnable call) {
        answer(what, () -> {
            call.run();
            return true;
        }, done -> done);
    }

    /** The call is refused with this status, in a form that the SDK reads as an ODataError with code and message. */
    void refusal(String what, Runnable call, int status) {
        refusal(what, call, status, "");
    }

    /** The same, and the message has this in it. */
    void refusal(String what, Runnable call, int status, String says) {
        try {
            call.run();
            that(what, false, "was not refused");
        } catch (ODataError error) {
            var main = error.getError();
            var speaks = main != null && main.getCode() != null && main.getMessage() != null;
            that(what, speaks && error.getResponseStatusCode() == status && told(error).contains(says), told(error));
        } catch (RuntimeException error) {
            that(what, false, told(error));
        }
    }

    private static String told(RuntimeException error) {
        if (!(error instanceof ODataError refused) || refused.getError() == null) {
            return error.toString();
        }
        var main = refused.getError();
        var text = refused.getResponseStatusCode() + " " + main.getCode() + ": " + main.getMessage();
        if (main.getDetails() == null) {
            return text;
        }
        return text + main.getDetails().stream().map(detail -> " / " + detail.getMessage()).reduce("", String::concat);
    }

    /** Asks until the answer is as wanted or half a minute is over; hands back the last answer. */
    static <T> T until(Supplier<T> ask, Predicate<T> holds) {
        var end = System.nanoTime() + 30_000_000_000L;
        while (true) {
            var answer = ask.get();
            if (holds.test(answer) || System.nanoTime() > end) {
                return answer;
            }
            try {
                Thread.sleep(200);
            } catch (InterruptedException stopped) {
                return answer;
            }
        }
    }
}
