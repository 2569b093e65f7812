"""One person's data and what an operator deletes: requests, receipts, and the audit log."""

from typing import Any, Final

from litestar import Request, delete, get, post
from litestar.params import RawBody

from aftercall.core.instants import EpochMs
from aftercall.service.erased_people import PersonIds
from aftercall.web.dashboard.queries import CURSOR, LIMIT, read_cursor
from aftercall.web.downloads import url_of_path
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.dashboard.privacy import (
    AuditPage,
    Deleted,
    ErasureBody,
    Mentions,
    PersonBody,
    PersonExport,
    Receipt,
    Receipts,
    encode_audit,
    encode_export,
    encode_receipt,
    encode_receipts,
)
from aftercall.wire.envelope import Answer, encode_answer
from aftercall.wire.query import Query, parse_path_id

TAG: Final = "Privacy"


@post(
    "/erasures",
    opt=described(
        summary="Erase a person from every session of the app",
        tag=TAG,
        about="A job does the work, and goes on after a crash. From this request on the person is "
        "refused at every arrival. The answer is the receipt; ask for it again to see how far it "
        "is.",
        body=ErasureBody,
        answer=Receipt,
    ),
)
async def request_erasure(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Receipt]:
    tenant.check_admin()
    who = parse_body(body, ErasureBody)
    erasure = await services.erasures.request(
        tenant.account_id,
        tenant.app_id,
        PersonIds(who.custom_participant_id, who.user_id),
        tenant.caller,
        with_mentions=who.mentions,
    )
    return encode_answer(encode_receipt(erasure), has_alias=False)


@post(
    "/erasures/mentions",
    status_code=200,
    opt=described(
        summary="Count where others mention a person",
        tag=TAG,
        about="For admins. Looks through every text of the app for the names that the person had, "
        "in sessions in which the person did not take part: what an erasure with `mentions` "
        "replaces. Nothing is changed.",
        body=PersonBody,
        answer=Mentions,
    ),
)
async def count_mentions(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Mentions]:
    tenant.check_admin()
    who = parse_body(body, PersonBody)
    ids = PersonIds(who.custom_participant_id, who.user_id)
    found = await services.erasures.count_mentions(tenant.app_id, ids)
    counts = {place.value: number for place, number in found.counts.items()}
    mentions = Mentions(names=list(found.names), sessions=len(found.sessions), counts=counts)
    return encode_answer(mentions, has_alias=False)


@post(
    "/readmissions",
    opt=described(
        summary="Record a person again who was erased",
        tag=TAG,
        about="For admins, when the person comes back with consent. What was erased stays erased. "
        "The answer is the receipts that no longer keep the person out.",
        body=PersonBody,
        answer=Receipts,
    ),
)
async def readmit_person(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[Receipts]:
    tenant.check_admin()
    who = parse_body(body, PersonBody)
    found = await services.readmissions.readmit(
        tenant.account_id,
        tenant.app_id,
        PersonIds(who.custom_participant_id, who.user_id),
        tenant.caller,
    )
    return encode_answer(encode_receipts(found, len(found) + 1), has_alias=False)


@get(
    "/erasures",
    opt=described(
        summary="List the receipts of erasures",
        tag=TAG,
        about="For admins. The latest request comes first.",
        parameters=(LIMIT, CURSOR),
        answer=Receipts,
    ),
)
async def list_erasures(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[Receipts]:
    tenant.check_admin()
    limit = LIMIT.read(parameters)
    found = await services.erasures.list_receipts(
        tenant.app_id, before=_before(parameters), limit=limit
    )
    return encode_answer(encode_receipts(found, limit), has_alias=False)


@get(
    "/erasures/{erasure_id:str}",
    opt=described(
        summary="Get the receipt of an erasure", tag=TAG, about="For admins.", answer=Receipt
    ),
)
async def get_erasure(
    services: ProvidedServices, tenant: ProvidedTenant, erasure_id: PathId
) -> Answer[Receipt]:
    tenant.check_admin()
    id = parse_path_id(erasure_id, what="erasure")
    erasure = await services.erasures.find(tenant.app_id, id)
    return encode_answer(encode_receipt(erasure), has_alias=False)


@post(
    "/exports",
    opt=described(
        summary="Export what is recorded of a person",
        tag=TAG,
        about="A job writes an archive of JSON and CSV files. Ask for the export again to see how "
        "far it is, and for the link to the file.",
        body=PersonBody,
        answer=PersonExport,
    ),
)
async def request_person_export(
    services: ProvidedServices, tenant: ProvidedTenant, body: RawBody
) -> Answer[PersonExport]:
    tenant.check_admin()
    who = parse_body(body, PersonBody)
    export = await services.person_exports.request(
        tenant.account_id,
        tenant.app_id,
        PersonIds(who.custom_participant_id, who.user_id),
        tenant.caller,
    )
    return encode_answer(encode_export(export, None), has_alias=False)


@get(
    "/exports/{export_id:str}",
    opt=described(
        summary="Get how far the export of a person is",
        tag=TAG,
        about="For admins. The link to the file is signed and expires.",
        answer=PersonExport,
    ),
)
async def get_person_export(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    request: Request[Any, Any, Any],
    export_id: PathId,
) -> Answer[PersonExport]:
    tenant.check_admin()
    id = parse_path_id(export_id, what="export")
    export = await services.person_exports.find(tenant.app_id, id)
    path = await services.person_exports.link(export)
    url = None if path is None else url_of_path(request, services, path)
    return encode_answer(encode_export(export, url), has_alias=False)


@get(
    "/audit",
    opt=described(
        summary="Read the audit log",
        tag=TAG,
        about="For admins: who read talk, exported or erased a person, deleted something, made or "
        "revoked tokens, changed what is kept. A token of the whole account reads what concerns "
        "the account, too. The latest comes first.",
        parameters=(LIMIT, CURSOR),
        answer=AuditPage,
    ),
)
async def list_audit(
    services: ProvidedServices, tenant: ProvidedTenant, parameters: ProvidedQuery
) -> Answer[AuditPage]:
    tenant.check_admin()
    limit = LIMIT.read(parameters)
    entries = await services.audit_log.list_entries(
        tenant.account_id,
        tenant.app_id,
        before=_before(parameters),
        limit=limit,
        with_account=tenant.is_of_account,
    )
    return encode_answer(encode_audit(entries, limit), has_alias=False)


@delete(
    "/sessions/{session_id:str}",
    status_code=200,
    opt=described(
        summary="Delete a session with all that is kept of it",
        tag=TAG,
        about="A session that goes on has to end first.",
        answer=Deleted,
    ),
)
async def delete_session(
    services: ProvidedServices, tenant: ProvidedTenant, session_id: PathId
) -> Answer[Deleted]:
    id = parse_path_id(session_id, what="session")
    await services.deletions.delete_session(tenant.account_id, tenant.app_id, id, tenant.caller)
    return encode_answer(Deleted(id=id), has_alias=False)


@delete(
    "/meetings/{meeting_id:str}",
    status_code=200,
    opt=described(
        summary="Delete a meeting with its members and all its sessions",
        tag=TAG,
        about="The meeting and its members are gone at once; a job deletes the sessions. A session "
        "that goes on has to end first.",
        answer=Deleted,
    ),
)
async def delete_meeting(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> Answer[Deleted]:
    id = parse_path_id(meeting_id, what="meeting")
    await services.deletions.delete_meeting(tenant.account_id, tenant.app_id, id, tenant.caller)
    return encode_answer(Deleted(id=id), has_alias=False)


@delete(
    "/",
    status_code=200,
    opt=described(
        summary="Delete the app with everything in it",
        tag=TAG,
        about="The app and its tokens are gone at once; a job deletes the rest. Sessions that go "
        "on have to end first.",
        answer=Deleted,
    ),
)
async def delete_app(services: ProvidedServices, tenant: ProvidedTenant) -> Answer[Deleted]:
    await services.deletions.delete_app(tenant.account_id, tenant.app_id, tenant.caller)
    services.access.forget_app(tenant.app_id)
    services.sign_ins.forget()
    return encode_answer(Deleted(id=tenant.app_id), has_alias=False)


def _before(parameters: Query) -> tuple[EpochMs, str] | None:
    cursor = read_cursor(parameters)
    return None if cursor is None else (EpochMs(int(cursor.key)), cursor.id)


handlers = (
    request_erasure,
    count_mentions,
    readmit_person,
    list_erasures,
    get_erasure,
    request_person_export,
    get_person_export,
    list_audit,
    delete_session,
    delete_meeting,
    delete_app,
)
