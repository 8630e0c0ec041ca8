# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_flow_global_optspecs
    string join \n config= store= o/output= fields= q/quiet v/verbose color= no-input yes h/help V/version
end

function __fish_flow_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_flow_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_flow_using_subcommand
    set -l cmd (__fish_flow_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c flow -n "__fish_flow_needs_command" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_needs_command" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_needs_command" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_needs_command" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_needs_command" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_needs_command" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_needs_command" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_needs_command" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_needs_command" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_needs_command" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_needs_command" -s V -l version -d 'Print version'
complete -c flow -n "__fish_flow_needs_command" -f -a "serve" -d 'Run the daemon'
complete -c flow -n "__fish_flow_needs_command" -f -a "init" -d 'Write a configuration and a business profile'
complete -c flow -n "__fish_flow_needs_command" -f -a "seed" -d 'Load a business profile, and made-up activity'
complete -c flow -n "__fish_flow_needs_command" -f -a "chat" -d 'Talk to the front desk in the terminal'
complete -c flow -n "__fish_flow_needs_command" -f -a "leads" -d 'Show and change leads'
complete -c flow -n "__fish_flow_needs_command" -f -a "conversations" -d 'Read conversations'
complete -c flow -n "__fish_flow_needs_command" -f -a "contacts" -d 'Show, hand out and erase what is held about a person'
complete -c flow -n "__fish_flow_needs_command" -f -a "inbox" -d 'Answer clients who need a person'
complete -c flow -n "__fish_flow_needs_command" -f -a "bookings" -d 'Show, make, move and cancel bookings'
complete -c flow -n "__fish_flow_needs_command" -f -a "crm" -d 'Work with one CRM connection'
complete -c flow -n "__fish_flow_needs_command" -f -a "channel" -d 'Look after the ways that clients come in'
complete -c flow -n "__fish_flow_needs_command" -f -a "jobs" -d 'Look after the work that waits'
complete -c flow -n "__fish_flow_needs_command" -f -a "config" -d 'Look at the configuration'
complete -c flow -n "__fish_flow_needs_command" -f -a "db" -d 'Look after the store'
complete -c flow -n "__fish_flow_needs_command" -f -a "backup" -d 'Make, check and restore backups'
complete -c flow -n "__fish_flow_needs_command" -f -a "token" -d 'Make and revoke API tokens'
complete -c flow -n "__fish_flow_needs_command" -f -a "nlu" -d 'Show what the language parser understands'
complete -c flow -n "__fish_flow_needs_command" -f -a "eval" -d 'Play scripted dialogues as tests'
complete -c flow -n "__fish_flow_needs_command" -f -a "doctor" -d 'Check everything that flow needs'
complete -c flow -n "__fish_flow_needs_command" -f -a "status" -d 'Show how things stand'
complete -c flow -n "__fish_flow_needs_command" -f -a "completions" -d 'Write a completion script'
complete -c flow -n "__fish_flow_needs_command" -f -a "man" -d 'Write the manual pages into a directory'
complete -c flow -n "__fish_flow_needs_command" -f -a "version" -d 'Show the version'
complete -c flow -n "__fish_flow_using_subcommand serve" -l listen -d 'Listen here instead of `http.listen`' -r
complete -c flow -n "__fish_flow_using_subcommand serve" -l roles -d 'What this daemon does' -r -f -a "http\t'Answer HTTP'
worker\t'Run jobs'
scheduler\t'Start what is due at a time'"
complete -c flow -n "__fish_flow_using_subcommand serve" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand serve" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand serve" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand serve" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand serve" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand serve" -l demo -d 'Serve the salon preset from a store of its own'
complete -c flow -n "__fish_flow_using_subcommand serve" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand serve" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand serve" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand serve" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flow -n "__fish_flow_using_subcommand init" -l preset -d 'The business to begin with' -r -f -a "salon\t''
clinic\t''
autoservice\t''
it-support\t''"
complete -c flow -n "__fish_flow_using_subcommand init" -l dir -d 'Where the files go' -r -f -a "(__fish_complete_directories)"
complete -c flow -n "__fish_flow_using_subcommand init" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand init" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand init" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand init" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand init" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand init" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand init" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand init" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand init" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand init" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand seed" -l preset -d 'A ready profile' -r -f -a "salon\t''
clinic\t''
autoservice\t''
it-support\t''"
complete -c flow -n "__fish_flow_using_subcommand seed" -l activity -d 'Add so many made-up conversations with leads, messages and bookings' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -l days -d 'Spread them over so many days' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -l rng -d 'The same number makes the same activity; what is there of it stays, the rest is added' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -l at -d 'The moment the activity ends at; now when absent' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand seed" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand seed" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand seed" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand seed" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand seed" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand seed" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand seed" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand seed" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand chat" -l as -d 'Be the client with this phone' -r
complete -c flow -n "__fish_flow_using_subcommand chat" -l name -d 'Be the client with this name' -r
complete -c flow -n "__fish_flow_using_subcommand chat" -l at -d 'Let the clock stand here' -r
complete -c flow -n "__fish_flow_using_subcommand chat" -l script -d 'Say the lines of this file, then end' -r -F
complete -c flow -n "__fish_flow_using_subcommand chat" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand chat" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand chat" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand chat" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand chat" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand chat" -l trace -d 'Show how each reply came about'
complete -c flow -n "__fish_flow_using_subcommand chat" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand chat" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand chat" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand chat" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand chat" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "list" -d 'Show leads, newest first'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "show" -d 'Show one lead'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "add" -d 'Add a lead'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "set" -d 'Change a lead'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "export" -d 'Write leads as CSV or JSON lines'
complete -c flow -n "__fish_flow_using_subcommand leads; and not __fish_seen_subcommand_from list show add set export import" -f -a "import" -d 'Read leads from a CSV or JSON lines file'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l status -d 'Only in these states: new, in_progress, qualified, booked, won, lost, spam' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l channel -d 'Only from these channels' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l source -d 'Only from this source' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l since -d 'Only made at or after: 2026-03-11, 7d, today, вчера' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l until -d 'Only made before the end of: 2026-03-11, yesterday' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l q -d 'Only with this in name, phone or comment' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l name -d 'The person\'s name' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l phone -d 'The person\'s phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l email -d 'The person\'s e-mail address' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l service -d 'What is wanted' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l source -d 'Who or what sent the person' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l comment -d 'A remark' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l status -d 'How far it is: new, in_progress, qualified, booked, won, lost, spam' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l name -d 'The person\'s name' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l phone -d 'The person\'s phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l email -d 'The person\'s e-mail address' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l service -d 'What is wanted' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l source -d 'Who or what sent the person' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l comment -d 'A remark' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l status -d 'How far it is: new, in_progress, qualified, booked, won, lost, spam' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l status -d 'Only in these states: new, in_progress, qualified, booked, won, lost, spam' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l channel -d 'Only from these channels' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l source -d 'Only from this source' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l since -d 'Only made at or after: 2026-03-11, 7d, today, вчера' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l until -d 'Only made before the end of: 2026-03-11, yesterday' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l q -d 'Only with this in name, phone or comment' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l format -d 'How they are written' -r -f -a "csv\t'For spreadsheets'
jsonl\t'One object a line'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand leads; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "list" -d 'Show conversations, the latest first'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "show" -d 'Show one conversation with its messages'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "search" -d 'Find conversations by their words'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "export" -d 'Write conversations with their messages as JSON lines'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "tail" -d 'Show the latest messages of all conversations'
complete -c flow -n "__fish_flow_using_subcommand conversations; and not __fish_seen_subcommand_from list show search export tail close" -f -a "close" -d 'End a conversation; the client\'s next message opens it again'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l status -d 'Only in these states: open, waiting_operator, closed' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l channel -d 'Only on these channels' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l since -d 'Only with a message at or after: 2026-03-11, 7d, today, вчера' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l until -d 'Only with the last message before the end of: 2026-03-11, yesterday' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l q -d 'Only with these words in the messages' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l unanswered -d 'Only with a question that nobody answered'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l trace -d 'Show how each reply came about'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l status -d 'Only in these states: open, waiting_operator, closed' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l channel -d 'Only on these channels' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l since -d 'Only with a message at or after: 2026-03-11, 7d, today, вчера' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l until -d 'Only with the last message before the end of: 2026-03-11, yesterday' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l unanswered -d 'Only with a question that nobody answered'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from search" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l status -d 'Only in these states: open, waiting_operator, closed' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l channel -d 'Only on these channels' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l since -d 'Only with a message at or after: 2026-03-11, 7d, today, вчера' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l until -d 'Only with the last message before the end of: 2026-03-11, yesterday' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l unanswered -d 'Only with a question that nobody answered'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l limit -d 'So many of them' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -s f -l follow -d 'Go on until Ctrl-C'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from tail" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand conversations; and __fish_seen_subcommand_from close" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -f -a "show" -d 'Show one person, and how much is held about them'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -f -a "export" -d 'Write everything that is held about a person as one JSON document'
complete -c flow -n "__fish_flow_using_subcommand contacts; and not __fish_seen_subcommand_from show export erase" -f -a "erase" -d 'Remove everything that is held about a person, for good'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand contacts; and __fish_seen_subcommand_from erase" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -f -a "list" -d 'Show who waits for a person, the longest first, then what people have taken'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -f -a "take" -d 'Take a conversation; the bot is silent until it is returned'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -f -a "reply" -d 'Write to the client; what nobody has taken is taken'
complete -c flow -n "__fish_flow_using_subcommand inbox; and not __fish_seen_subcommand_from list take reply return" -f -a "return" -d 'Give a conversation back to the bot'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l as -d 'Your name; $USER when it is not given' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from take" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l as -d 'Your name; $USER when it is not given' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from reply" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand inbox; and __fish_seen_subcommand_from return" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "list" -d 'Show bookings by the start of the visit'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "show" -d 'Show one booking'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "slots" -d 'List free times'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "create" -d 'Book a visit'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "move" -d 'Move a visit'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "cancel" -d 'Cancel a visit'
complete -c flow -n "__fish_flow_using_subcommand bookings; and not __fish_seen_subcommand_from list show slots create move cancel reconcile" -f -a "reconcile" -d 'Ask the CRM about bookings whose outcome nobody knows'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l state -d 'Only in these states: held, committing, booked, refused, unknown, cancelled, done, no_show' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l phone -d 'Only of this client' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l staff -d 'Only with this person' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l from -l since -d 'First day; today when no day is given' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l to -l until -d 'Last day, included' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l service -d 'For this service' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l staff -d 'Only with this person' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l from -d 'First day' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l to -d 'Last day, included; a week from the first when absent' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from slots" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l service -d 'The service' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l staff -d 'The person who does it; anybody when absent' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l start -d 'When: 2026-03-11T15:00:00+03:00, or 2026-03-11T15:00 in the company\'s zone' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l phone -d 'The client\'s phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l name -d 'The client\'s name' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l comment -d 'A remark for the staff' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l key -d 'The same key again is the same booking; a new one is made when absent' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l start -d 'To when' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l staff -d 'To whom; the same person when absent' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l key -d 'The same key again is the same move; a new one is made when absent' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand bookings; and __fish_seen_subcommand_from reconcile" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "kinds" -d 'List the kinds of CRM there are'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "test" -d 'Ask a CRM who we are and what we may do'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "discover" -d 'Propose a map of the account\'s objects for the configuration'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "services" -d 'List services'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "staff" -d 'List staff'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "slots" -d 'List free times'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "find" -d 'Find a client by phone'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "appointments" -d 'List appointments'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "book" -d 'Book an appointment'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "move" -d 'Move an appointment'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "cancel" -d 'Cancel an appointment'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "push" -d 'Write a lead into a CRM; again, it updates the same object'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "client" -d 'Make a client\'s card, or show the one there is'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "note" -d 'Write a note or a task for the CRM\'s own people'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "register" -d 'Have a CRM call the daemon, or show what to paste in its cabinet'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "unregister" -d 'Have a CRM no longer call the daemon'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "sync" -d 'Show where a CRM\'s services and staff differ from the profile, and keep what the CRM has'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "record" -d 'Record a connection\'s traffic into a cassette, without secrets and phones'
complete -c flow -n "__fish_flow_using_subcommand crm; and not __fish_seen_subcommand_from kinds test discover services staff slots find appointments book move cancel push client note register unregister sync record mock" -f -a "mock" -d 'Serve a stand-in of a vendor, or play a cassette'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from kinds" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l write -d 'Also book, move and cancel one test appointment, and remove what was made'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from discover" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l all -d 'Also those that clients cannot book'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from services" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l service -d 'Only those who provide this service' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from staff" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l service -d 'For this service' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l staff -d 'Only with this person' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l from -d 'First day' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l to -d 'Last day, included' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from slots" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l phone -d 'The phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l all -d 'List every card with this phone'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l phone -d 'Only of this client' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l from -d 'First day; today when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l to -d 'Last day, included; 30 days from the first when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l all -d 'Also cancelled ones'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from appointments" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l service -d 'The service' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l staff -d 'The person who does it; anybody when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l start -d 'When: 2026-03-11T15:00:00+03:00, or 2026-03-11T15:00 in the company\'s zone' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l phone -d 'The client\'s phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l name -d 'The client\'s name' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l comment -d 'A remark for the staff' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l key -d 'The same key again is the same appointment' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from book" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l start -d 'To when' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l staff -d 'To whom; the same person when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l key -d 'The same key again is the same move' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from push" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l phone -d 'The phone, in any usual form' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l name -d 'The client\'s name' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l email -d 'An e-mail address' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l update -d 'Write name and e-mail into a card that is there already'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from client" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l client -d 'About a client' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l appointment -d 'About an appointment' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l lead -d 'About a lead, by the CRM\'s id' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l due -d 'A task to be done by then' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l key -d 'The same key again is the same note; made of the text when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l url -d 'The address to call, without its secret; made of `http.public_url` when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l url -d 'The address that was registered; made of `http.public_url` when absent' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from unregister" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l dry-run -d 'Only show the differences'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from record" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l listen -d 'Where to listen' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand crm; and __fish_seen_subcommand_from mock" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -f -a "list" -d 'List the ways in and how they stand'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -f -a "test" -d 'Ask a channel who we are and what keeps messages from arriving'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -f -a "register" -d 'Have a channel call the daemon'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -f -a "unregister" -d 'Have a channel no longer call the daemon'
complete -c flow -n "__fish_flow_using_subcommand channel; and not __fish_seen_subcommand_from list test register unregister send" -f -a "send" -d 'Send one message now, outside any conversation'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l url -d 'The whole address to call; made of `http.public_url` when absent' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from unregister" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l wait -d 'Wait out a limit for at most so long' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand channel; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -f -a "list" -d 'Show jobs, the oldest first'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -f -a "show" -d 'Show one job with its arguments'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -f -a "retry" -d 'Give dead jobs another chance, and run at once what waits'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -f -a "cancel" -d 'Take jobs away for good'
complete -c flow -n "__fish_flow_using_subcommand jobs; and not __fish_seen_subcommand_from list show retry cancel stats" -f -a "stats" -d 'Show how the queue and the outbox stand'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l state -d 'Only in these states: waiting, running, scheduled, dead' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l kind -d 'Only of these kinds, such as answer, commit_booking, send_reply' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l lane -d 'Only of this lane' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l limit -d 'At most so many; 0 is all' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l dead -d 'All that are dead; messages that may have arrived only with --yes'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand jobs; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -f -a "check" -d 'Tell everything that is wrong'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -f -a "show" -d 'Show what stands; secrets as ***'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -f -a "path" -d 'Show which file is read, and where the store is'
complete -c flow -n "__fish_flow_using_subcommand config; and not __fish_seen_subcommand_from check show path schema" -f -a "schema" -d 'Print the JSON Schema of config.toml'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l origins -d 'Show who said so, key by key'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from path" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand config; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -f -a "status" -d 'Show the file and its schema'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -f -a "migrate" -d 'Bring the schema forward'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -f -a "check" -d 'Look for damage'
complete -c flow -n "__fish_flow_using_subcommand db; and not __fish_seen_subcommand_from status migrate check copy" -f -a "copy" -d 'Copy a store into an empty one, SQLite or PostgreSQL'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from migrate" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand db; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -f -a "create" -d 'Write the whole store into one file, also while the daemon serves'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -f -a "verify" -d 'Restore a backup into a place of its own and check what is in it'
complete -c flow -n "__fish_flow_using_subcommand backup; and not __fish_seen_subcommand_from create verify restore" -f -a "restore" -d 'Put a backup in the place of the store'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand backup; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "create" -d 'Make a token and print it once'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "list" -d 'List tokens'
complete -c flow -n "__fish_flow_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "revoke" -d 'Revoke a token at once'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l scope -d 'What it allows; everything but admin when absent' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'When it stops working: 90d, 2026-12-31' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand nlu; and not __fish_seen_subcommand_from parse" -f -a "parse" -d 'Parse a text, or a file of texts'
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l at -d 'The moment it is said at; now when absent' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l tz -d 'The zone it is said in; the company\'s when absent' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l file -d 'One {"text","at","tz"} a line of at most 64 KiB, one answer a line; - is stdin' -r -F
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand nlu; and __fish_seen_subcommand_from parse" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand eval; and not __fish_seen_subcommand_from run" -f -a "run" -d 'Play scenarios and grade what came of them'
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l engine -d 'What understands clients: offline' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l k -d 'Play each scenario so many times' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l junit -d 'Write JUnit XML to this file' -r -F
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand eval; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand doctor" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand doctor" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand doctor" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand doctor" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand doctor" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand doctor" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand doctor" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand doctor" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand doctor" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand status" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand status" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand status" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand status" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand status" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand status" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand status" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand status" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand status" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand status" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand completions" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand completions" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand completions" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand completions" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand completions" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand completions" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand completions" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand completions" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand completions" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand completions" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand man" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand man" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand man" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand man" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand man" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand man" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand man" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand man" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand man" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand man" -s h -l help -d 'Print help'
complete -c flow -n "__fish_flow_using_subcommand version" -l config -d 'Read this configuration file' -r -F
complete -c flow -n "__fish_flow_using_subcommand version" -l store -d 'Use this store, such as sqlite://flow.db' -r
complete -c flow -n "__fish_flow_using_subcommand version" -s o -l output -d 'Print the answer as table, json, jsonl, csv or tsv' -r -f -a "table\t'For people'
json\t'One document'
jsonl\t'One object a line'
csv\t'Comma-separated, with a header'
tsv\t'Tab-separated, with a header'"
complete -c flow -n "__fish_flow_using_subcommand version" -l fields -d 'Print only these fields, separated by commas' -r
complete -c flow -n "__fish_flow_using_subcommand version" -l color -d 'Use colours: auto, always or never' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set'
always\t'Also in a pipe'
never\t'Not at all'"
complete -c flow -n "__fish_flow_using_subcommand version" -s q -l quiet -d 'Say nothing beside the answer'
complete -c flow -n "__fish_flow_using_subcommand version" -s v -l verbose -d 'Say more; twice says most'
complete -c flow -n "__fish_flow_using_subcommand version" -l no-input -d 'Never ask'
complete -c flow -n "__fish_flow_using_subcommand version" -l yes -d 'Answer yes to what would be asked'
complete -c flow -n "__fish_flow_using_subcommand version" -s h -l help -d 'Print help'
