import { Icon } from "../../components/icon";
import { Popover } from "../../components/popover";
import { goQuery, place } from "../../route";
import { COLUMNS, COLUMNS_PARAMETER, columnsValue, shownColumns, type ColumnName } from "./columns";

/** Which columns the list has. */
export function ColumnChoice() {
  const shown = shownColumns(place.value.query);
  const value = columnsValue(shown);
  const choose = (name: ColumnName, isShown: boolean): void => {
    const others = shown.filter((each) => each !== name);
    goQuery({ [COLUMNS_PARAMETER]: columnsValue(isShown ? [...others, name] : others) }, true);
  };
  return (
    <span class="column-choice">
      <Popover
        isQuiet
        isAtEnd
        name="Columns"
        label={
          <>
            <Icon name="columns" />
            {value === null ? "Columns" : `Columns · ${shown.length}`}
          </>
        }
      >
        {() => (
          <fieldset class="checks">
            <legend class="unseen">Columns beside the start and the meeting</legend>
            {COLUMNS.map(({ name, text }) => (
              <label key={name}>
                <input
                  type="checkbox"
                  checked={shown.includes(name)}
                  onChange={(event) => choose(name, event.currentTarget.checked)}
                />
                {text}
              </label>
            ))}
            {value !== null && (
              <button type="button" class="choice" onClick={() => goQuery({ [COLUMNS_PARAMETER]: null }, true)}>
                The usual columns
              </button>
            )}
          </fieldset>
        )}
      </Popover>
    </span>
  );
}
